package org.mocksmtp;

import com.github.dockerjava.api.model.HostConfig;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.mocksmtp.client.api.DnsRecordsApi;
import org.mocksmtp.client.model.RecordInput;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * mocksmtp in a container, for applications in containers: the application reaches it by its network
 * alias, or by DNS ({@link #serveDnsFor}). Needs Testcontainers on the class path.
 */
public class MockSmtpContainer extends GenericContainer<MockSmtpContainer> {
    /** The image, as {@code make image} builds it; {@code MOCKSMTP_IMAGE} overrides it. */
    public static final String IMAGE = "mocksmtp:1.0.0rc1";

    static final int SMTP = 25;
    static final int HTTP = 8000;
    private static final String EXCHANGE = "mx.mocksmtp.test";

    private MockSmtp mock;

    /** A container of the image that belongs to this kit. */
    public MockSmtpContainer() {
        this(image(System.getenv()));
    }

    /** A container of another image. */
    public MockSmtpContainer(DockerImageName image) {
        super(image);
        addExposedPorts(SMTP, HTTP);
        waitingFor(Wait.forHttp("/health").forPort(HTTP).forStatusCode(200));
    }

    static DockerImageName image(Map<String, String> environment) {
        return DockerImageName.parse(environment.getOrDefault("MOCKSMTP_IMAGE", IMAGE));
    }

    /** The container that tests use where no program is installed; Testcontainers removes it. */
    static Service startShared(Duration timeout) {
        // Closed by Testcontainers' own container, also when this JVM is killed.
        @SuppressWarnings("resource")
        var container = new MockSmtpContainer();
        container.start();
        return container.service(timeout);
    }

    /** The host in this container: behaviors, deliveries, mails. */
    public synchronized MockSmtp mock() {
        if (mock == null) {
            mock = MockSmtp.on(service(Duration.ofSeconds(10)));
        }
        return mock;
    }

    private Service service(Duration timeout) {
        var smtp = new InetSocketAddress(getHost(), getMappedPort(SMTP));
        return Service.inContainer(
                URI.create(getUrl()), timeout, new Service.Reach(smtp, null));
    }

    /** The root of the API, from outside of the containers. */
    public String getUrl() {
        return "http://" + getHost() + ":" + getMappedPort(HTTP);
    }

    /** The SMTP port, from outside of the containers. */
    public int getSmtpPort() {
        return getMappedPort(SMTP);
    }

    /**
     * Make this container the resolver of an application's container, and the mail exchange of every
     * domain. Call it before the application's container starts; this container must run.
     *
     * @param application a container that has not started yet; it joins the network of this one
     */
    public void serveDnsFor(GenericContainer<?> application) {
        if (!isRunning()) {
            throw new IllegalStateException("start MockSmtpContainer before serveDnsFor(…)");
        }
        Network network = getNetwork();
        if (network != null) {
            application.withNetwork(network);
        }
        String address = addressInNetwork();
        useResolver(application, address);
        mock().service()
                .call(
                        api ->
                                new DnsRecordsApi(api)
                                        .addRecords(java.util.List.of(everyDomain(address))));
    }

    /** The records that lead every domain to an address. */
    static RecordInput[] everyDomain(String address) {
        return new RecordInput[] {
            new RecordInput().name("*").type("MX").preference(10).exchange(EXCHANGE).ttl(0),
            new RecordInput().name(EXCHANGE).type("A").address(address).ttl(0)
        };
    }

    /** Set the resolver of a container that has not started yet. */
    static void useResolver(GenericContainer<?> application, String address) {
        application.withCreateContainerCmdModifier(
                command -> {
                    HostConfig config = command.getHostConfig();
                    if (config == null) {
                        config = HostConfig.newHostConfig();
                        command.withHostConfig(config);
                    }
                    config.withDns(address);
                });
    }

    private String addressInNetwork() {
        return getContainerInfo().getNetworkSettings().getNetworks().values().stream()
                .map(network -> network.getIpAddress())
                .filter(address -> address != null && !address.isEmpty())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the container has no address"));
    }
}
