package org.mocksmtp;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.mocksmtp.client.ApiClient;
import org.mocksmtp.client.model.Mail;
import org.mocksmtp.client.model.RecordInput;

/**
 * A mail host for tests, as an extension of JUnit 5.
 *
 * <pre>{@code
 * @RegisterExtension static MockSmtp mx = MockSmtp.start();
 *
 * @Test void anUnknownUser() {
 *     mx.when(RCPT_TO).contains("bob@").reply(550, "5.1.1 No such user");
 *     app.send("bob@x.test");
 *     assertThat(mx.delivery(to("bob@x.test"))).rejected().attempts(1);
 * }
 * }</pre>
 *
 * <p>In a static field it is one host for the test class, whose port stays the same, and each test
 * begins with no behaviors and no mails. In an instance field, and where the tests of a class run in
 * parallel, each test has a host of its own. Without JUnit, use it in a {@code try} statement.
 */
public final class MockSmtp extends Scriptable
        implements BeforeAllCallback,
                AfterAllCallback,
                BeforeEachCallback,
                AfterEachCallback,
                TestExecutionExceptionHandler,
                AutoCloseable {
    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    private final Settings settings;
    private final ThreadLocal<MockHost> own = new ThreadLocal<>();
    private Service service;
    private MockHost shared;
    private int port;
    private int depth;

    private MockSmtp(Settings settings, Service service) {
        this.settings = settings;
        this.service = service;
        this.port = settings.smtpPort();
    }

    /** A host on a free port. The service is found, or started, when it is first used. */
    public static MockSmtp start() {
        return new MockSmtp(Settings.DEFAULT, null);
    }

    /** A host with other settings: {@code MockSmtp.start(s -> s.smtpPort(2525))}. */
    public static MockSmtp start(UnaryOperator<Settings> changes) {
        return new MockSmtp(Settings.with(changes), null);
    }

    static MockSmtp on(Service service) {
        return new MockSmtp(Settings.DEFAULT, service);
    }

    // Searches

    /** The complete address of the recipient in the envelope. */
    public static Search to(String recipient) {
        return terms -> terms.to = recipient;
    }

    /** The complete address of the sender in the envelope; {@code <>} is the null sender. */
    public static Search from(String sender) {
        return terms -> terms.from = sender;
    }

    /** A part of the subject of a mail. */
    public static Search subject(String text) {
        return terms -> terms.subject = text;
    }

    /** The recipient that a bounce reports on. */
    public static Search of(String recipient) {
        return terms -> terms.bounceOf = recipient;
    }

    /** Wait for a delivery whose last attempt ended like this. */
    public static Search ended(Verdict verdict) {
        return terms -> terms.verdict = verdict;
    }

    /** Wait for a delivery with this number of copies. */
    public static Search copies(int number) {
        return terms -> terms.copies = number;
    }

    /** Wait for this number of entries. */
    public static Search count(int number) {
        return terms -> terms.count = number;
    }

    /** Wait at most this long; 10 s by default. */
    public static Search within(Duration time) {
        return terms -> terms.within = time;
    }

    /** Wait until nothing has changed for this long: no retry and no second copy is missed. */
    public static Search settle(Duration time) {
        return terms -> terms.settle = time;
    }

    // What happened

    /**
     * The newest delivery that matches. Waits until it is accepted or rejected, and returns it as it
     * is if that does not happen in time; with {@code settle}, {@code ended} or {@code copies}, waits
     * for that instead.
     *
     * @throws AssertionError no delivery matches in time; the message reports what was tried instead
     */
    public Delivery delivery(Search... search) {
        return host().delivery(search);
    }

    /** All deliveries that match, oldest first; waits only with {@code count} or {@code settle}. */
    public List<Delivery> deliveries(Search... search) {
        return host().deliveries(search);
    }

    /** Fail if a delivery that matches begins within 500 ms, or {@code within} another time. */
    public void assertNoDelivery(Search... search) {
        host().assertNoDelivery(search);
    }

    /** The newest mail that matches. Waits until there is one. */
    public Mail mail(Search... search) {
        return host().mail(search);
    }

    /** All mails that match, oldest first; waits only with {@code count} or {@code settle}. */
    public List<Mail> mails(Search... search) {
        return host().mails(search);
    }

    /** What the newest bounce of a recipient reports: {@code mx.bounce(of("bob@x.test"))}. */
    public Bounce bounce(Search... search) {
        return host().bounce(search);
    }

    /** What happened, as the service's report in plain text. */
    public String report() {
        return host().report();
    }

    // DNS

    /** The address and port of DNS, for the resolver of the application; null if it is off. */
    public InetSocketAddress dns() {
        return service().reach().dns();
    }

    /** A domain that no other test has; this host is its mail exchange. */
    public String domain() {
        return host().domain();
    }

    /** Make this host the mail exchange of a domain. */
    public void addDomain(String domain) {
        host().addDomain(domain);
    }

    /** Create the mail exchanges of a domain, in order of preference: {@code mx1}, {@code mx2}, … */
    public List<MockHost> exchanges(String domain, int number) {
        return host().exchanges(domain, number);
    }

    /** Add DNS records, which are removed after the test. */
    public void addRecords(RecordInput... records) {
        host().addRecords(records);
    }

    // The service

    /** The root of the API. */
    public String url() {
        return service().url().toString();
    }

    /** The generated client, for all routes: {@code new DnsQueriesApi(mx.api())}. */
    public ApiClient api() {
        return service().api();
    }

    synchronized Service service() {
        if (service == null) {
            service = Locator.shared(settings);
        }
        return service;
    }

    @Override
    synchronized MockHost host() {
        MockHost ofTest = own.get();
        if (ofTest != null) {
            return ofTest;
        }
        if (shared == null) {
            shared = MockHost.open(service(), port, settings.patience());
            // An application may keep the port for the next test class that shares this object.
            port = shared.port();
        }
        return shared;
    }

    /** Remove the host. Only needed without JUnit. */
    @Override
    public synchronized void close() {
        if (shared != null) {
            shared.remove();
            shared = null;
        }
    }

    // JUnit

    @Override
    public synchronized void beforeAll(ExtensionContext context) {
        depth++;
        host();
    }

    @Override
    public synchronized void afterAll(ExtensionContext context) {
        if (--depth == 0) {
            close();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (depth > 0 && runsInParallel(context)) {
            own.set(MockHost.open(service(), 0, settings.patience()));
        } else if (depth > 0) {
            host().reset();
        } else {
            host();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        MockHost ofTest = own.get();
        if (ofTest != null) {
            own.remove();
            ofTest.remove();
        } else if (depth == 0) {
            close();
        }
    }

    private static boolean runsInParallel(ExtensionContext context) {
        return context.getExecutionMode() == ExecutionMode.CONCURRENT
                && context.getConfigurationParameter(PARALLEL)
                        .map(Boolean::parseBoolean)
                        .orElse(false);
    }

    /** Add the service's report to the failure of a test. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
            throws Throwable {
        try {
            failure.addSuppressed(new Report(report()));
        } catch (MockSmtpException error) {
            failure.addSuppressed(error);
        }
        throw failure;
    }

    /** What happened on the host, in the stack trace of a failed test. */
    private static final class Report extends Throwable {
        private static final long serialVersionUID = 1L;

        Report(String text) {
            super("what mocksmtp recorded:\n" + text, null, false, false);
        }
    }
}
