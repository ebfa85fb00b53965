package example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mocksmtp.Command.CONNECT;
import static org.mocksmtp.Command.RCPT_TO;
import static org.mocksmtp.MockSmtp.copies;
import static org.mocksmtp.MockSmtp.settle;
import static org.mocksmtp.MockSmtp.to;
import static org.mocksmtp.Verdict.ACCEPTED;
import static org.mocksmtp.Verdict.DEFERRED;
import static org.mocksmtp.Verdict.NONE;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mocksmtp.MockSmtp;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.mail.MailException;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest(properties = {"welcome.retry.delay=100", "welcome.retry.attempts=4"})
class WelcomeTest {
    private static final String BOB = "bob@x.test";

    @RegisterExtension static MockSmtp mx = MockSmtp.start();

    @DynamicPropertySource
    static void mail(DynamicPropertyRegistry registry) {
        registry.add("spring.mail.host", mx::address);
        registry.add("spring.mail.port", mx::port);
    }

    @Autowired Welcome welcome;

    @Test
    void theMailArrives() throws Exception {
        welcome.send(welcome.write(BOB));
        assertThat(mx.delivery(to(BOB))).accepted().attempts(1).copies(1);
        assertThat(mx.mail(to(BOB)).getSubject()).isEqualTo("Welcome");
    }

    /** A mail that is deferred is sent again, and arrives once. */
    @Test
    void aBusyMailbox() throws Exception {
        mx.when(RCPT_TO).contains("bob@").reply(450, "4.2.1 Busy").times(2);
        welcome.send(welcome.write(BOB));
        var delivery = mx.delivery(to(BOB));
        assertThat(delivery).verdicts(DEFERRED, DEFERRED, ACCEPTED).copies(1);
        assertThat(delivery.backoffs()).allMatch(time -> time.toMillis() >= 90);
    }

    /** After a rejection there is no further attempt. */
    @Test
    void anUnknownRecipient() {
        mx.when(RCPT_TO).contains("bob@").reply(550, "5.1.1 No such user");
        assertThatThrownBy(() -> welcome.send(welcome.write(BOB)))
                .isInstanceOf(MailException.class);
        assertThat(mx.delivery(to(BOB), settle(Duration.ofMillis(300)))).rejected().attempts(1);
    }

    /** A server that is out of service is tried again, but not for ever. */
    @Test
    void anOutage() throws Exception {
        mx.outage(Map.of("times", 1));
        welcome.send(welcome.write(BOB));
        assertThat(mx.delivery(to(BOB))).accepted().verdicts(DEFERRED, ACCEPTED);

        mx.when(CONNECT).reply(421, "4.3.2 Down").thenClose();
        assertThatThrownBy(() -> welcome.send(welcome.write("carl@x.test")))
                .isInstanceOf(MailException.class);
        assertThat(mx.mails(to("carl@x.test"))).isEmpty();
    }

    /** A mail whose confirmation is lost arrives twice, with the same Message-ID. */
    @Test
    void aLostConfirmation() throws Exception {
        mx.keepThenReset(Map.of("times", 1));
        welcome.send(welcome.write(BOB));
        assertThat(mx.delivery(to(BOB), copies(2))).verdicts(NONE, ACCEPTED);
        assertThat(mx.mails(to(BOB))).extracting(mail -> mail.getMessageId()).hasSize(2)
                .containsOnly(mx.mail(to(BOB)).getMessageId());
    }
}
