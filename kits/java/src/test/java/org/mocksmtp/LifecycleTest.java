package org.mocksmtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.mocksmtp.Command.CONNECT;
import static org.mocksmtp.MockSmtp.to;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.mocksmtp.client.api.HostsApi;
import org.mocksmtp.client.model.Host;

/** The extension from the first test of a class to the last. */
class LifecycleTest {
    private static final List<Integer> PORTS = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void forget() {
        PORTS.clear();
    }

    private static EngineExecutionResults run(Class<?> suite) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(suite))
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                .configurationParameter(
                        "junit.jupiter.execution.parallel.config.strategy", "fixed")
                .configurationParameter(
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "3")
                .execute();
    }

    /** Each test finds an empty host on the same port; the host is removed at the end. */
    @Test
    void aStaticField() {
        var service = Locator.shared(Settings.DEFAULT);
        int before = service.call(api -> new HostsApi(api).listHosts()).size();
        run(StaticSuite.class).testEvents().assertStatistics(s -> s.succeeded(2).failed(0));
        assertThat(PORTS).hasSize(2);
        assertThat(PORTS.get(0)).isEqualTo(PORTS.get(1));
        List<Host> hosts = service.call(api -> new HostsApi(api).listHosts());
        assertThat(hosts).hasSize(before);
    }

    static class StaticSuite {
        @RegisterExtension static MockSmtp mx = MockSmtp.start();

        @RepeatedTest(2)
        void findsNothing() {
            PORTS.add(mx.port());
            assertThat(Sender.send(mx.smtp(), "bob@x.test")).startsWith("250");
            assertThat(mx.mails()).hasSize(1);
            mx.exchanges("x.test", 1);
            mx.when(CONNECT).reply(421);
        }
    }

    /** Another class that shares the object finds it on the same port. */
    @Test
    void aSharedObject() {
        run(SharedSuiteA.class).testEvents().assertStatistics(s -> s.succeeded(1));
        run(SharedSuiteB.class).testEvents().assertStatistics(s -> s.succeeded(1));
        assertThat(PORTS.get(0)).isEqualTo(PORTS.get(1));
    }

    abstract static class SharedSuite {
        @RegisterExtension static MockSmtp mx = MockSmtp.start();

        @Test
        void keepsItsPort() {
            PORTS.add(mx.port());
        }
    }

    static class SharedSuiteA extends SharedSuite {}

    static class SharedSuiteB extends SharedSuite {}

    /** In an instance field, each test has a host of its own. */
    @Test
    void anInstanceField() {
        run(InstanceSuite.class).testEvents().assertStatistics(s -> s.succeeded(3).failed(0));
        assertThat(PORTS).hasSize(3).doesNotHaveDuplicates();
    }

    @Execution(ExecutionMode.CONCURRENT)
    static class InstanceSuite {
        private static final CyclicBarrier ALL = new CyclicBarrier(3);

        @RegisterExtension MockSmtp mx = MockSmtp.start();

        @RepeatedTest(3)
        void findsNothing() throws Exception {
            meet(ALL, mx);
        }
    }

    /** Tests that run in parallel have hosts of their own, in a static field too. */
    @Test
    void parallelTests() {
        run(ParallelSuite.class).testEvents().assertStatistics(s -> s.succeeded(3).failed(0));
        assertThat(PORTS).hasSize(3).doesNotHaveDuplicates();
    }

    @Execution(ExecutionMode.CONCURRENT)
    static class ParallelSuite {
        private static final CyclicBarrier ALL = new CyclicBarrier(3);

        @RegisterExtension static MockSmtp mx = MockSmtp.start();

        @RepeatedTest(3)
        void findsNothing() throws Exception {
            meet(ALL, mx);
        }
    }

    /** All tests send a mail at the same time; each sees its own only. */
    private static void meet(CyclicBarrier all, MockSmtp mx) throws Exception {
        PORTS.add(mx.port());
        String bob = "bob@" + mx.domain();
        all.await(30, TimeUnit.SECONDS);
        assertThat(Sender.send(mx.smtp(), bob)).startsWith("250");
        assertThat(mx.delivery(to(bob))).accepted();
        all.await(30, TimeUnit.SECONDS);
        assertThat(mx.mails()).hasSize(1);
        assertThat(mx.deliveries()).hasSize(1);
    }

    /** The failure of a test contains what the service recorded. */
    @Test
    void aReport() {
        var failures =
                run(FailingSuite.class)
                        .testEvents()
                        .failed()
                        .map(event -> event.getRequiredPayload(
                                org.junit.platform.engine.TestExecutionResult.class))
                        .map(result -> result.getThrowable().orElseThrow())
                        .toList();
        assertThat(failures).hasSize(1);
        assertThat(failures.get(0)).hasMessage("not as expected");
        assertThat(failures.get(0).getSuppressed()[0])
                .hasMessageContaining("what mocksmtp recorded:")
                .hasMessageContaining("ACCEPTED bob@x.test from me@here.test")
                .hasMessageContaining("mx DATA: 250");
    }

    static class FailingSuite {
        @RegisterExtension static MockSmtp mx = MockSmtp.start();

        @Test
        void fails() {
            Sender.send(mx.smtp(), "bob@x.test");
            throw new IllegalStateException("not as expected");
        }
    }
}
