package org.mocksmtp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.mocksmtp.client.api.DeliveriesApi;
import org.mocksmtp.client.api.DeliveriesApi.APIListDeliveriesRequest;
import org.mocksmtp.client.api.DnsRecordsApi;
import org.mocksmtp.client.api.DnsRecordsApi.APIDeleteRecordsRequest;
import org.mocksmtp.client.api.HostsApi;
import org.mocksmtp.client.api.ServiceApi;
import org.mocksmtp.client.api.SmtpAttemptsApi;
import org.mocksmtp.client.api.SmtpAttemptsApi.APIListAttemptsRequest;
import org.mocksmtp.client.api.SmtpBehaviorsApi;
import org.mocksmtp.client.api.SmtpMailsApi;
import org.mocksmtp.client.api.SmtpMailsApi.APIListMailsRequest;
import org.mocksmtp.client.model.BehaviorInput;
import org.mocksmtp.client.model.HostInput;
import org.mocksmtp.client.model.ListenerInput;
import org.mocksmtp.client.model.Mail;
import org.mocksmtp.client.model.RecordInput;

/** A mail host of the service, with its own listener, behaviors and mails. */
public final class MockHost extends Scriptable {
    static final String MAIN = "mx";
    private static final String DEFAULT = "default";
    private static final String LOOPBACK = "127.0.0.1";

    private static final String JVM =
            String.format("%06x", ThreadLocalRandom.current().nextInt(1 << 24));
    private static final int NETWORK = 64 + ThreadLocalRandom.current().nextInt(128);
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final AtomicInteger ADDRESS = new AtomicInteger();

    private final Service service;
    private final Service ofHost;
    private final String name;
    private final String label;
    private final Duration patience;
    private final InetSocketAddress listener;
    private final ObjectNode base;
    private ObjectNode document;
    private final List<MockHost> exchanges = new ArrayList<>();
    private boolean hasRecords;
    private String domain;

    private MockHost(
            Service service,
            String name,
            String label,
            Duration patience,
            ObjectNode base,
            InetSocketAddress listener) {
        this.service = service;
        this.ofHost = service.ofHost(name);
        this.name = name;
        this.label = label;
        this.patience = patience;
        this.base = base;
        this.document = base;
        this.listener = listener;
    }

    /** The host of a test: one of its own, or the default host where it can have no other. */
    static MockHost open(Service service, int port, Duration patience) {
        InetSocketAddress shared = service.reach().smtp();
        if (shared == null) {
            return create(service, MAIN, LOOPBACK, port, patience);
        }
        var host = new MockHost(service, DEFAULT, MAIN, patience, service.tree(new HostInput()), shared);
        host.reset();
        return host;
    }

    private static MockHost create(
            Service service, String label, String address, int port, Duration patience) {
        String name = "junit-" + JVM + "-" + NUMBER.incrementAndGet();
        var base =
                new HostInput()
                        .name(name)
                        .hostname(label + ".test")
                        .listeners(List.of(new ListenerInput().address(address).port(port)));
        var made = service.call(api -> new HostsApi(api).addHost(base));
        InetSocketAddress bound = Service.address(made.getAddresses().get(0));
        base.setListeners(
                List.of(new ListenerInput().address(address).port(bound.getPort())));
        return new MockHost(service, name, label, patience, service.tree(base), bound);
    }

    @Override
    MockHost host() {
        return this;
    }

    Service service() {
        return service;
    }

    /** The routes of this host. */
    Service ofHost() {
        return ofHost;
    }

    InetSocketAddress listener() {
        return listener;
    }

    /** Its name in the API. */
    public String name() {
        return name;
    }

    private boolean isDefault() {
        return name.equals(DEFAULT);
    }

    // Behaviors

    Behavior addBehavior(BehaviorInput behavior) {
        var ids =
                ofHost.call(
                        api -> new SmtpBehaviorsApi(api).addBehaviors(List.of(behavior), null));
        return new Behavior(this, ids.getIds().get(0), behavior);
    }

    void addBehaviors(String json) {
        ofHost.post("/smtpBehaviors", json);
    }

    void clearBehaviors() {
        ofHost.run(api -> new SmtpBehaviorsApi(api).clearBehaviors((String) null));
    }

    /** Set some of the host's settings; a reset restores those of its start. */
    void change(ObjectNode fields) {
        ObjectNode changed = document.deepCopy().setAll(fields);
        put(changed);
        document = changed;
    }

    private void put(ObjectNode settings) {
        ofHost.put("", settings.toString());
    }

    // Domains

    /** Make this host the mail exchange of a domain. */
    public void addDomain(String domain) {
        addExchange(domain, 10, this);
    }

    /** A domain that no other test has; this host is its mail exchange. */
    public String domain() {
        if (domain == null) {
            domain = "t" + NUMBER.incrementAndGet() + "-" + JVM + ".test";
            addDomain(domain);
        }
        return domain;
    }

    /**
     * Create the mail exchanges of a domain, in order of preference: {@code mx1}, {@code mx2}, … They
     * listen on different loopback addresses, with the port of this host.
     */
    public List<MockHost> exchanges(String domain, int number) {
        if (isDefault()) {
            throw new MockSmtpException(
                    "several exchanges need hosts of their own, which a service in a container or on"
                            + " another machine cannot offer: run the tests where mocksmtp is"
                            + " installed",
                    null);
        }
        List<MockHost> made = new ArrayList<>();
        for (int i = 1; i <= number; i++) {
            var exchange = createExchange("mx" + (exchanges.size() + 1));
            exchanges.add(exchange);
            made.add(exchange);
            addExchange(domain, 10 * i, exchange);
        }
        return List.copyOf(made);
    }

    private MockHost createExchange(String label) {
        for (int i = 0; i < 3; i++) {
            int next = ADDRESS.getAndIncrement();
            String address =
                    "127." + NETWORK + "." + next / 250 % 250 + "." + (1 + next % 250);
            try {
                return create(service, label, address, port(), patience);
            } catch (PortBusyException error) {
                // In use; or, on macOS, an address that the machine does not have.
            }
        }
        return create(service, label, LOOPBACK, 0, patience);
    }

    private void addExchange(String domain, int preference, MockHost exchange) {
        String mx = exchange.label + "." + domain;
        var address = exchange.listener.getAddress();
        String type = address instanceof java.net.Inet6Address ? "AAAA" : "A";
        addRecords(
                new RecordInput().name(domain).type("MX").preference(preference).exchange(mx),
                new RecordInput().name(mx).type(type).address(address.getHostAddress()));
    }

    /** Add DNS records, which are removed after the test. */
    public void addRecords(RecordInput... records) {
        hasRecords = true;
        List<RecordInput> tagged = Arrays.asList(records);
        tagged.forEach(
                record -> {
                    if (!"CAA".equals(record.getType())) {
                        record.setTag(tag());
                    }
                    if (record.getTtl() == null) {
                        record.setTtl(0);
                    }
                });
        service.call(api -> new DnsRecordsApi(api).addRecords(tagged));
    }

    private String tag() {
        return isDefault() ? "junit-" + JVM : name;
    }

    // What happened

    Delivery delivery(Search... parts) {
        var terms = Search.Terms.of(patience, parts);
        Instant deadline = Instant.now().plus(terms.within);
        List<Delivery> found = findDeliveries(terms);
        if (found.size() < terms.count) {
            throw new AssertionError(explainMissing("delivery", terms));
        }
        Delivery newest = found.get(found.size() - 1);
        boolean isAsWanted =
                terms.settle != null || terms.verdict != null || terms.copies != null;
        return isAsWanted ? newest : decided(newest, deadline);
    }

    /** Wait for further attempts until the delivery is accepted or rejected. */
    private Delivery decided(Delivery delivery, Instant deadline) {
        Delivery latest = delivery;
        while (!latest.isDecided()) {
            Duration left = Duration.between(Instant.now(), deadline);
            if (left.isNegative() || !waitForAttempt(latest, left)) {
                return latest;
            }
            String id = latest.details().getId();
            var model = service.call(api -> new DeliveriesApi(api).getDelivery(id));
            latest = new Delivery(model, this);
        }
        return latest;
    }

    private boolean waitForAttempt(Delivery delivery, Duration wait) {
        long last =
                delivery.attempts().stream()
                        .mapToLong(attempt -> Long.parseLong(attempt.details().getId()))
                        .max()
                        .orElse(0);
        var request =
                APIListAttemptsRequest.newBuilder()
                        .host(exchanges.isEmpty() ? name : "*")
                        .to(delivery.recipient())
                        .after(Long.toString(last))
                        .count(1L)
                        .waiting(shown(wait))
                        .build();
        return !service.callWaiting(wait, api -> new SmtpAttemptsApi(api).listAttempts(request))
                .isEmpty();
    }

    List<Delivery> deliveries(Search... parts) {
        return findDeliveries(Search.Terms.of(null, parts));
    }

    void assertNoDelivery(Search... parts) {
        var terms = Search.Terms.of(Duration.ofMillis(500), parts);
        List<Delivery> found = findDeliveries(terms);
        if (!found.isEmpty()) {
            throw new AssertionError(
                    "Expected no delivery" + terms + ", but found:\n" + found.get(0));
        }
    }

    private List<Delivery> findDeliveries(Search.Terms terms) {
        var request =
                APIListDeliveriesRequest.newBuilder()
                        .host(exchanges.isEmpty() ? name : null)
                        .to(terms.to)
                        .from(terms.from)
                        ._final(terms.verdict == null ? null : terms.verdict.toString())
                        .copies(terms.copies)
                        .count((long) terms.count)
                        .waiting(shown(waitOf(terms)))
                        .settle(shown(terms.settle))
                        .build();
        return service
                .callWaiting(waitOf(terms), api -> new DeliveriesApi(api).listDeliveries(request))
                .stream()
                .filter(this::isMine)
                .map(model -> new Delivery(model, this))
                .toList();
    }

    private boolean isMine(org.mocksmtp.client.model.Delivery model) {
        return model.getHosts().stream().anyMatch(host -> hosts().containsKey(host));
    }

    List<Mail> mails(Search... parts) {
        return findMails(Search.Terms.of(null, parts));
    }

    Mail mail(Search... parts) {
        var terms = Search.Terms.of(patience, parts);
        List<Mail> found = findMails(terms);
        if (found.size() < terms.count) {
            throw new AssertionError(explainMissing("mail", terms));
        }
        return found.get(found.size() - 1);
    }

    Bounce bounce(Search... parts) {
        var terms = Search.Terms.of(patience, parts);
        if (terms.bounceOf == null) {
            throw new IllegalArgumentException("bounce(of(…)) needs the recipient that it reports on");
        }
        Mail mail = mail(parts);
        var reported =
                mail.getBounce().stream()
                        .filter(b -> terms.bounceOf.equalsIgnoreCase(b.getRecipient()))
                        .findFirst()
                        .orElseThrow();
        return new Bounce(
                reported.getRecipient(),
                reported.getAction(),
                reported.getStatus(),
                reported.getDiagnostic(),
                reported.getRemoteMta(),
                mail);
    }

    private List<Mail> findMails(Search.Terms terms) {
        if (terms.verdict != null || terms.copies != null) {
            throw new IllegalArgumentException("a mail has no verdict or copies: use delivery(…)");
        }
        var request =
                APIListMailsRequest.newBuilder()
                        .host(exchanges.isEmpty() ? name : "*")
                        .to(terms.to)
                        .from(terms.from)
                        .subject(terms.subject)
                        .bounceOf(terms.bounceOf)
                        .view("full")
                        .count((long) terms.count)
                        .waiting(shown(waitOf(terms)))
                        .settle(shown(terms.settle))
                        .build();
        return service
                .callWaiting(waitOf(terms), api -> new SmtpMailsApi(api).listMails(request))
                .stream()
                .filter(mail -> hosts().containsKey(mail.getHost()))
                .toList();
    }

    private Duration waitOf(Search.Terms terms) {
        boolean waits = terms.count > 1 || terms.settle != null;
        return terms.within == null && waits ? patience : terms.within;
    }

    private static String shown(Duration time) {
        return time == null ? null : time.toMillis() + "ms";
    }

    // Explanations

    /** The name of a host in this test. */
    String label(String apiName) {
        return hosts().getOrDefault(apiName, apiName);
    }

    /** This host and its exchanges: names in the API, with the names in the test. */
    private Map<String, String> hosts() {
        Map<String, String> names = new HashMap<>();
        names.put(name, label);
        exchanges.forEach(exchange -> names.put(exchange.name, exchange.label));
        return names;
    }

    List<MockHost> all() {
        List<MockHost> all = new ArrayList<>(List.of(this));
        all.addAll(exchanges);
        return all;
    }

    private String explainMissing(String kind, Search.Terms terms) {
        return Explanation.missing(this, kind, terms, shown(waitOf(terms)));
    }

    String explainMisses() {
        return Explanation.misses(this);
    }

    /** What happened on this host, as the service's report in plain text. */
    public String report() {
        String host = exchanges.isEmpty() ? "&host=" + name : "";
        String text = service.text("/report?format=text" + host);
        for (var name : hosts().entrySet()) {
            text = text.replaceAll("\\b" + Pattern.quote(name.getKey()) + "\\b", name.getValue());
        }
        return text;
    }

    // The end of a test

    /** Remove what a test has set, and end the open connections; the listener stays. */
    void reset() {
        removeOthers();
        ofHost.run(api -> new ServiceApi(api).reset(null, "close"));
        if (document != base) {
            document = base;
            put(base);
        }
    }

    /** Remove the host with all that a test has set. */
    void remove() {
        if (isDefault()) {
            reset();
            return;
        }
        removeOthers();
        service.run(api -> new HostsApi(api).deleteHost(name));
    }

    private void removeOthers() {
        exchanges.forEach(MockHost::remove);
        exchanges.clear();
        if (hasRecords) {
            hasRecords = false;
            domain = null;
            var request = APIDeleteRecordsRequest.newBuilder().tag(tag()).build();
            service.run(api -> new DnsRecordsApi(api).deleteRecords(request));
        }
    }
}
