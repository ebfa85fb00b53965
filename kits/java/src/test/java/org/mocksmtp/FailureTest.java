package org.mocksmtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mocksmtp.Command.RCPT_TO;
import static org.mocksmtp.MockSmtp.to;
import static org.mocksmtp.MockSmtp.within;
import static org.mocksmtp.Verdict.ACCEPTED;
import static org.mocksmtp.Verdict.DEFERRED;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a failed assertion reports. */
class FailureTest {
    private static final String BOB = "bob@x.test";
    private static final Duration SOON = Duration.ofMillis(50);

    @RegisterExtension static MockSmtp mx = MockSmtp.start();

    /** What was tried, what was refused, and by which behavior. */
    @Test
    void aRefusal() {
        mx.when(RCPT_TO).contains("bob@").reply(450, "4.2.1 Busy").times(1);
        Sender.sendWithRetry(mx.smtp(), BOB);
        assertThatThrownBy(() -> assertThat(mx.delivery(to(BOB))).rejected())
                .hasMessageContaining("Expected this delivery to end as rejected:")
                .hasMessageContaining("to bob@x.test from me@here.test, subject \"hello\"")
                .hasMessageContaining("accepted, 2 attempts, 1 copy kept")
                .hasMessageContaining("1. mx RCPT TO: 450 4.2.1 Busy → deferred [by behavior ")
                .hasMessageContaining("2. mx DATA: 250");
    }

    /** Each assertion states what it expected. */
    @Test
    void expectations() {
        mx.when(RCPT_TO).reply(550, "5.1.1 No such user");
        Sender.send(mx.smtp(), BOB);
        var delivery = mx.delivery(to(BOB));
        assertThat(delivery).rejected().decidedAt(RCPT_TO).lastReply(550).lastReply(550, "No such");
        assertThatThrownBy(() -> assertThat(delivery).accepted()).hasMessageContaining("accepted");
        assertThatThrownBy(() -> assertThat(delivery).deferred()).hasMessageContaining("deferred");
        assertThatThrownBy(() -> assertThat(delivery).withoutResult()).hasMessageContaining("none");
        assertThatThrownBy(() -> assertThat(delivery).attempts(2))
                .hasMessageContaining("to have 2 attempts");
        assertThatThrownBy(() -> assertThat(delivery).copies(1)).hasMessageContaining("1 copy");
        assertThatThrownBy(() -> assertThat(delivery).hosts("mx1"))
                .hasMessageContaining("to try the hosts [mx1]");
        assertThatThrownBy(() -> assertThat(delivery).verdicts(DEFERRED, ACCEPTED))
                .hasMessageContaining("to have the verdicts [deferred, accepted]");
        assertThatThrownBy(() -> assertThat(delivery).lastReply(550, "quota"))
                .hasMessageContaining("to end with a reply 550 that contains \"quota\"");
        assertThatThrownBy(() -> assertThat(delivery).as("bob's mail").accepted())
                .hasMessageContaining("[bob's mail]");
    }

    /** A behavior that nearly answered, and how the values differ. */
    @Test
    void aNearMiss() {
        mx.when(RCPT_TO).contains("Bob@").reply(550, "5.1.1 No such user").named("no bob");
        Sender.send(mx.smtp(), BOB);
        assertThatThrownBy(() -> assertThat(mx.delivery(to(BOB))).rejected())
                .hasMessageContaining("Near miss: mx RCPT TO:<bob@x.test>: behavior \"no bob\"")
                .hasMessageContaining("contains \"Bob@\", found \"bob@x.test\"")
                .hasMessageContaining("case")
                .hasMessageContaining("Never answered: behavior ");
    }

    /** Without a match, the attempts for others. */
    @Test
    void anotherRecipient() {
        Sender.send(mx.smtp(), "bobby@x.test");
        assertThatThrownBy(() -> mx.delivery(to(BOB), within(SOON)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No delivery to bob@x.test within 50ms.")
                .hasMessageContaining("to bobby@x.test from me@here.test: mx DATA: 250");
    }

    /** Without any client, the address that the application should use. */
    @Test
    void noClient() {
        assertThatThrownBy(() -> mx.mail(to(BOB), within(SOON)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No client tried to deliver anything to 127.0.0.1:" + mx.port());
    }
}
