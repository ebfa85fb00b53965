package example;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.springframework.mail.MailException;
import org.springframework.mail.MailSendException;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.MimeMessageHelper;
import org.springframework.retry.annotation.Backoff;
import org.springframework.retry.annotation.Retryable;
import org.springframework.stereotype.Service;

/** The mail that welcomes a customer. */
@Service
public class Welcome {
    private final JavaMailSender sender;

    Welcome(JavaMailSender sender) {
        this.sender = sender;
    }

    /** The mail, made once: all attempts to send it have the same Message-ID. */
    public MimeMessage write(String customer) throws MessagingException {
        MimeMessage message = sender.createMimeMessage();
        var helper = new MimeMessageHelper(message, "utf-8");
        helper.setFrom("shop@shop.test");
        helper.setTo(customer);
        helper.setSubject("Welcome");
        helper.setText("Thank you for your order.");
        message.saveChanges();
        return message;
    }

    /** Send it. If the mail server defers it, try again later; if it rejects it, give up. */
    @Retryable(
            retryFor = MailException.class,
            exceptionExpression = "@welcome.isTemporary(#root)",
            maxAttemptsExpression = "${welcome.retry.attempts}",
            backoff = @Backoff(delayExpression = "${welcome.retry.delay}"))
    public void send(MimeMessage message) {
        sender.send(message);
    }

    /** Whether another attempt may succeed: any failure but a reply with 5xx. */
    public boolean isTemporary(Throwable failure) {
        if (failure instanceof MailSendException several) {
            for (Exception one : several.getMessageExceptions()) {
                if (!isTemporary(one)) {
                    return false;
                }
            }
        }
        for (Throwable one = failure; one != null; one = next(one)) {
            if (one instanceof SMTPAddressFailedException refused && refused.getReturnCode() >= 500
                    || one instanceof SMTPSendFailedException refusedMail
                            && refusedMail.getReturnCode() >= 500) {
                return false;
            }
        }
        return true;
    }

    private static Throwable next(Throwable failure) {
        return failure instanceof MessagingException mail && mail.getNextException() != null
                ? mail.getNextException()
                : failure.getCause();
    }
}
