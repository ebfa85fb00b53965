package example;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.retry.annotation.EnableRetry;

/** Sends a mail to each new customer. */
@SpringBootApplication
@EnableRetry
public class WelcomeApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(WelcomeApplication.class, arguments);
    }
}
