package org.mocksmtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.mocksmtp.MockSmtp.to;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.HostConfig;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

class MockSmtpContainerTest {
    private static CreateContainerCmd created(GenericContainer<?> container) {
        var config = new AtomicReference<HostConfig>();
        var command =
                (CreateContainerCmd)
                        Proxy.newProxyInstance(
                                CreateContainerCmd.class.getClassLoader(),
                                new Class<?>[] {CreateContainerCmd.class},
                                (proxy, method, values) -> {
                                    if (method.getName().equals("withHostConfig")) {
                                        config.set((HostConfig) values[0]);
                                    }
                                    return method.getName().equals("getHostConfig")
                                            ? config.get()
                                            : proxy;
                                });
        container.getCreateContainerCmdModifiers().forEach(modifier -> modifier.modify(command));
        return command;
    }

    /** SMTP and the API are published; the image may be chosen by MOCKSMTP_IMAGE. */
    @Test
    void ports() {
        assertThat(new MockSmtpContainer().getExposedPorts()).containsExactly(25, 8000);
        assertThat(MockSmtpContainer.image(Map.of()).asCanonicalNameString())
                .isEqualTo(MockSmtpContainer.IMAGE);
        assertThat(
                        MockSmtpContainer.image(Map.of("MOCKSMTP_IMAGE", "registry.test/mock:1"))
                                .asCanonicalNameString())
                .isEqualTo("registry.test/mock:1");
    }

    /** The application's container resolves names at the mock's address. */
    @Test
    void resolver() {
        var application = new GenericContainer<>("app");
        MockSmtpContainer.useResolver(application, "172.18.0.2");
        HostConfig config = created(application).getHostConfig();
        assertThat(config.getDns()).containsExactly("172.18.0.2");
    }

    /** Every domain leads to the mock. */
    @Test
    void records() {
        var records = MockSmtpContainer.everyDomain("172.18.0.2");
        assertThat(records[0].getName()).isEqualTo("*");
        assertThat(records[0].getExchange()).isEqualTo(records[1].getName());
        assertThat(records[1].getAddress()).isEqualTo("172.18.0.2");
    }

    @Test
    void itMustRunBeforeTheApplication() {
        assertThatThrownBy(
                        () -> new MockSmtpContainer().serveDnsFor(new GenericContainer<>("app")))
                .hasMessageContaining("start MockSmtpContainer before serveDnsFor");
    }

    /** Needs Docker, and the image of `make image`. */
    @Test
    void aContainer() {
        assumeTrue(
                DockerClientFactory.instance().isDockerAvailable(),
                "skipped: no Docker engine on this machine");
        try (var network = Network.newNetwork();
                var container = new MockSmtpContainer().withNetwork(network);
                var application = new GenericContainer<>("debian:12")) {
            container.start();
            MockSmtp mx = container.mock();
            mx.outage(Map.of("times", 1));
            Sender.sendWithRetry(
                    new InetSocketAddress(container.getHost(), container.getSmtpPort()),
                    "bob@x.test");
            assertThat(mx.delivery(to("bob@x.test"))).accepted().attempts(2);
            container.serveDnsFor(application);
            application.withCommand("getent", "hosts", "mx.mocksmtp.test").start();
        }
    }
}
