package org.mocksmtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mocksmtp.Command.RCPT_TO;
import static org.mocksmtp.MockSmtp.to;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The example of the README, as it is there. */
class ExampleTest {
    @RegisterExtension static MockSmtp mx = MockSmtp.start();

    @Test
    void anUnknownRecipientIsNotTriedAgain() {
        mx.when(RCPT_TO).contains("bob@").reply(550, "5.1.1 No such user");
        Sender.sendWithRetry(mx.smtp(), "bob@x.test");
        assertThat(mx.delivery(to("bob@x.test"))).rejected().attempts(1);
    }
}
