package org.mocksmtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mocksmtp.Command.CONNECT;
import static org.mocksmtp.Command.DATA;
import static org.mocksmtp.Command.MAIL_FROM;
import static org.mocksmtp.Command.RCPT_TO;
import static org.mocksmtp.MockSmtp.count;
import static org.mocksmtp.MockSmtp.ended;
import static org.mocksmtp.MockSmtp.from;
import static org.mocksmtp.MockSmtp.of;
import static org.mocksmtp.MockSmtp.settle;
import static org.mocksmtp.MockSmtp.subject;
import static org.mocksmtp.MockSmtp.to;
import static org.mocksmtp.MockSmtp.within;
import static org.mocksmtp.Verdict.ACCEPTED;
import static org.mocksmtp.Verdict.DEFERRED;
import static org.mocksmtp.Verdict.NONE;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.naming.NamingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mocksmtp.client.ApiException;
import org.mocksmtp.client.api.DnsQueriesApi;
import org.mocksmtp.client.api.DnsQueriesApi.APIListQueriesRequest;
import org.mocksmtp.client.model.BehaviorInput;
import org.mocksmtp.client.model.HostLimitsInput;
import org.mocksmtp.client.model.RecordInput;

class MockSmtpTest {
    private static final String BOB = "bob@x.test";
    private static final Duration SETTLED = Duration.ofMillis(100);

    private static final String BOUNCE =
            String.join(
                    "\r\n",
                    "From: MAILER-DAEMON@x.test",
                    "Subject: Undelivered",
                    "MIME-Version: 1.0",
                    "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
                    "",
                    "--b",
                    "Content-Type: text/plain",
                    "",
                    "It failed.",
                    "--b",
                    "Content-Type: message/delivery-status",
                    "",
                    "Reporting-MTA: dns; here.test",
                    "",
                    "Final-Recipient: rfc822; " + BOB,
                    "Action: failed",
                    "Status: 5.1.1",
                    "Diagnostic-Code: smtp; 550 5.1.1 No such user",
                    "",
                    "--b--",
                    "");

    @RegisterExtension static MockSmtp mx = MockSmtp.start();

    /** A deferred mail is tried again, and arrives once. */
    @Test
    void retry() {
        mx.when(RCPT_TO).contains("bob@").reply(450, "4.2.1 Busy").times(2);
        Sender.sendWithRetry(mx.smtp(), BOB);
        var delivery = mx.delivery(to(BOB), settle(SETTLED));
        assertThat(delivery).accepted().verdicts(DEFERRED, DEFERRED, ACCEPTED).copies(1);
        assertThat(delivery.backoffs()).hasSize(2);
        assertThat(delivery.hosts()).containsOnly("mx");
        assertThat(delivery.attempts().get(0).text()).isEqualTo("4.2.1 Busy");
    }

    /** Counts may be set before the reply, too. */
    @Test
    void timesBeforeReply() {
        mx.when(MAIL_FROM).once().reply(451);
        Sender.sendWithRetry(mx.smtp(), BOB);
        assertThat(mx.delivery(to(BOB), ended(ACCEPTED))).attempts(2);
    }

    /** A delivery is waited for until it is decided. */
    @Test
    void waits() {
        mx.greylist(Map.of("activeFor", "50ms"));
        var sending = CompletableFuture.runAsync(() -> sendUntilAccepted());
        assertThat(mx.delivery(to(BOB))).accepted().copies(1);
        sending.join();
    }

    /** A delivery that is not decided in time is returned as it is. */
    @Test
    void undecided() {
        mx.when(RCPT_TO).reply(450);
        Sender.send(mx.smtp(), BOB);
        assertThat(mx.delivery(to(BOB), within(SETTLED))).deferred().attempts(1);
    }

    private static void sendUntilAccepted() {
        while (!Sender.send(mx.smtp(), BOB).startsWith("250")) {
            Thread.onSpinWait();
        }
    }

    /** The second exchange is tried when the first is out of service. */
    @Test
    void failover() throws NamingException {
        List<MockHost> exchanges = mx.exchanges("x.test", 2);
        exchanges.get(0).outage();
        Sender.sendByMx(mx.dns(), mx.port(), BOB);
        assertThat(mx.delivery(to(BOB))).accepted().hosts("mx1", "mx2");
        assertThat(mx.mails()).extracting(mail -> mail.getSubject()).containsExactly("hello");
    }

    /** Records and exchanges of a test are removed after it. */
    @Test
    void noExchangesOfOtherTests() throws NamingException, ApiException {
        mx.addDomain("x.test");
        assertThat(Sender.exchanges(mx.dns(), "x.test")).containsExactly("mx.x.test.");
        mx.addRecords(new RecordInput().name("y.test").type("TXT").strings(List.of("hi")));
        Sender.sendByMx(mx.dns(), mx.port(), "carl@" + mx.domain());
        assertThat(mx.delivery(to("carl@" + mx.domain()))).accepted();
        var asked = APIListQueriesRequest.newBuilder().name(mx.domain()).build();
        assertThat(new DnsQueriesApi(mx.api()).listQueries(asked)).isNotEmpty();
    }

    /** A bounce is found by the recipient that it reports on. */
    @Test
    void bounce() {
        Sender.send(mx.smtp(), "", Sender.FROM, BOUNCE);
        var bounce = mx.bounce(of(BOB));
        assertThat(bounce.status()).isEqualTo("5.1.1");
        assertThat(bounce.action()).isEqualTo("failed");
        assertThat(bounce.diagnostic()).contains("550 5.1.1 No such user");
        assertThat(bounce.mail().getSubject()).isEqualTo("Undelivered");
    }

    /** A mail that was kept, but not confirmed, arrives twice. */
    @Test
    void copies() {
        mx.keepThenReset(Map.of("times", 1));
        Sender.sendWithRetry(mx.smtp(), BOB);
        assertThat(mx.delivery(to(BOB), MockSmtp.copies(2))).verdicts(NONE, ACCEPTED);
        assertThat(mx.mails(to(BOB), count(2))).hasSize(2);
    }

    /** Mails are selected by sender, recipient and subject. */
    @Test
    void mails() {
        Sender.send(mx.smtp(), BOB);
        Sender.send(mx.smtp(), "you@here.test", "carl@x.test", "Subject: other\r\n\r\n");
        assertThat(mx.mails()).hasSize(2);
        assertThat(mx.mail(from("you@here.test")).getSubject()).isEqualTo("other");
        assertThat(mx.mails(subject("hello"))).hasSize(1);
        assertThat(mx.mail(to(BOB)).getMessage()).contains("It works.");
        assertThatThrownBy(() -> mx.mails(ended(ACCEPTED)))
                .hasMessageContaining("a mail has no verdict");
    }

    /** No client may try a recipient. */
    @Test
    void noDelivery() {
        mx.assertNoDelivery(to(BOB), within(Duration.ofMillis(20)));
        Sender.send(mx.smtp(), BOB);
        assertThatThrownBy(() -> mx.assertNoDelivery(to(BOB)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Expected no delivery to " + BOB + ", but found:")
                .hasMessageContaining("mx DATA: 250");
    }

    /** Several conditions must all be true; a condition may test another value. */
    @Test
    void conditions() {
        mx.when(RCPT_TO).on("sender").endsWith("@here.test").on("recipient").startsWith("BOB@")
                .ignoringCase().reply(550, "5.7.1 Not from you");
        assertThat(Sender.send(mx.smtp(), BOB)).isEqualTo("550 5.7.1 Not from you");
        assertThat(Sender.send(mx.smtp(), "you@there.test", BOB, "\r\n")).startsWith("250");
        assertThat(Sender.send(mx.smtp(), "carl@x.test")).startsWith("250");
    }

    /** A behavior may be changed and removed while it is set. */
    @Test
    void behaviors() {
        Behavior slow = mx.when(DATA).reply(250).delay(Duration.ofMillis(1)).discarding().named("lost");
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("250");
        assertThat(mx.delivery(to(BOB))).accepted().copies(0);
        assertThat(slow.fired()).isEqualTo(1);
        slow.remove();
        mx.when(CONNECT).reset();
        assertThat(Sender.send(mx.smtp(), BOB)).isEmpty();
        mx.clear();
        mx.add(new BehaviorInput().command(BehaviorInput.CommandEnum.CONNECT)
                .response(new org.mocksmtp.client.model.ResponseInput().code(554)));
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("554");
        mx.clear();
        mx.addJson("[{\"command\": \"CONNECT\", \"response\": {\"code\": 421}}]");
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("421");
        assertThatThrownBy(() -> mx.addJson("{\"command\": \"CONNECT\", \"response\": {\"code\": 99}}"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("$.response.code: must be from 200 to 599, got 99");
    }

    /** The settings of the host are those of one test. */
    @Test
    void settings() {
        mx.configure(host -> host.limits(new HostLimitsInput().messageSize(10L)));
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("552");
    }

    /** A recipe has the parameters of the cookbook. */
    @Test
    void recipes() {
        mx.outage(Map.of("code", 454, "message", "4.7.0 Come later", "times", 1));
        assertThat(Sender.send(mx.smtp(), BOB)).isEqualTo("454 4.7.0 Come later");
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("250");
        assertThatThrownBy(() -> mx.outage(Map.of("cod", 421)))
                .hasMessage("recipe outage has no parameter 'cod'; one of: code, message");
    }

    /** A condition of a recipe may select other recipients, or all. */
    @Test
    void recipesForAll() {
        var all = new java.util.HashMap<String, Object>();
        all.put("recipient", null);
        mx.alwaysDeferred(Map.of("recipient", "carl@"));
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("250");
        assertThat(Sender.send(mx.smtp(), "carl@x.test")).startsWith("451");
        mx.alwaysDeferred(all);
        assertThat(Sender.send(mx.smtp(), BOB)).startsWith("451");
    }

    static Stream<Method> allRecipes() {
        return Arrays.stream(Recipes.class.getDeclaredMethods())
                .filter(method -> method.getParameterCount() == 0);
    }

    /** The service accepts the documents of every recipe. */
    @ParameterizedTest
    @MethodSource("allRecipes")
    void everyRecipe(Method recipe) throws ReflectiveOperationException {
        recipe.invoke(mx);
    }

    /** The kit's names of commands are those of the API. */
    @Test
    void commands() {
        assertThat(Arrays.stream(Command.values()).map(Command::model))
                .containsExactlyInAnyOrder(BehaviorInput.CommandEnum.values());
    }
}
