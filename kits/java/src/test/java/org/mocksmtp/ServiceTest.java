package org.mocksmtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the service is found, and what happens without it. */
class ServiceTest {
    private static final Settings SETTINGS = Settings.DEFAULT.timeout(Duration.ofSeconds(20));

    private HttpServer other;
    private ServiceProcess process;

    @AfterEach
    void stop() {
        if (other != null) {
            other.stop(0);
        }
        if (process != null) {
            process.stop();
        }
    }

    private String answering(int status, String type, String body) throws IOException {
        return answering(Map.of("/", new Answer(status, type, body)));
    }

    record Answer(int status, String type, String body) {}

    private String answering(Map<String, Answer> answers) throws IOException {
        other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answers.forEach(
                (path, answer) ->
                        other.createContext(
                                path,
                                exchange -> {
                                    byte[] body = answer.body.getBytes(UTF_8);
                                    exchange.getResponseHeaders().set("Content-Type", answer.type);
                                    exchange.sendResponseHeaders(answer.status, body.length);
                                    exchange.getResponseBody().write(body);
                                    exchange.close();
                                }));
        other.start();
        return "http://127.0.0.1:" + other.getAddress().getPort();
    }

    private static MockSmtp at(String url) {
        return MockSmtp.start(s -> s.url(url));
    }

    // Failures

    @Test
    void noServer() throws IOException {
        int free;
        try (var socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() -> at("http://127.0.0.1:" + free).port())
                .isInstanceOf(NoServerException.class)
                .hasMessageContaining("no service at http://127.0.0.1:" + free)
                .hasMessageContaining("mocksmtp serve");
    }

    @Test
    void noUrl() {
        var reasons =
                Map.of(
                        "ftp://127.0.0.1:8000", "the scheme ftp is not http or https",
                        "http://127.0.0.1:port", "it names no host, or no valid one",
                        "http://", "Expected authority");
        reasons.forEach(
                (url, reason) ->
                        assertThatThrownBy(() -> at(url))
                                .isInstanceOf(InvalidUrlException.class)
                                .hasMessageContaining(
                                        "not the URL of a service: '" + url + "' (" + reason + ")")
                                .hasMessageContaining("MOCKSMTP_URL must be the address"));
        assertThatThrownBy(
                        () -> new Locator(Map.of("MOCKSMTP_URL", "ftp://x.test")).locate(SETTINGS))
                .isInstanceOf(InvalidUrlException.class);
    }

    @Test
    void anUrlWithoutScheme() throws IOException {
        process = started(Map.of());
        String url = process.url().toString();
        try (var mx = at(url.substring("http://".length()))) {
            assertThat(mx.url()).isEqualTo(url);
            assertThat(mx.port()).isPositive();
        }
    }

    @Test
    void wrongToken() throws IOException {
        process = started(Map.of("MOCKSMTP_TOKEN", "s3cret"));
        String url = process.url().toString();
        assertThatThrownBy(() -> MockSmtp.start(s -> s.url(url).token("wrong")).port())
                .isInstanceOf(WrongTokenException.class)
                .hasMessageContaining("does not accept the token");
        assertThatThrownBy(() -> at(url).port())
                .isInstanceOf(WrongTokenException.class)
                .hasMessageContaining("requires a token: set MOCKSMTP_TOKEN");
        try (var mx = MockSmtp.start(s -> s.url(url).token("s3cret"))) {
            assertThat(mx.port()).isPositive();
        }
    }

    @Test
    void olderServer() throws IOException {
        String url =
                answering(
                        200,
                        "application/json",
                        "{\"version\": \"0.0.9\", \"instance\": \"1\", \"addresses\": {}}");
        assertThatThrownBy(() -> at(url).port())
                .isInstanceOf(OlderServerException.class)
                .hasMessageContaining("is version 0.0.9; this kit needs " + Service.MINIMUM);
    }

    @Test
    void theServerOfJames() throws IOException {
        var page = new Answer(404, "text/html", "<h1>Not Found</h1>");
        String url = answering(Map.of("/", page, "/version", new Answer(200, "text/plain", "0.4")));
        assertThatThrownBy(() -> at(url).port())
                .isInstanceOf(OlderServerException.class)
                .hasMessageContaining("Apache James");
    }

    @Test
    void anotherProgram() throws IOException {
        var answers =
                List.of(
                        new Answer(200, "text/html", "<h1>It works!</h1>"),
                        new Answer(200, "application/json", "{\"status\": \"ok\"}"),
                        new Answer(200, "application/json", "[\"ok\"]"),
                        new Answer(200, "application/json", "ok"),
                        new Answer(502, "text/html", "<h1>Bad gateway</h1>"),
                        new Answer(404, "application/json", "{\"error\": \"not found\"}"));
        for (var answer : answers) {
            String url = answering(Map.of("/", answer));
            assertThatThrownBy(() -> at(url).port())
                    .as(answer.body)
                    .isInstanceOf(NotMockSmtpException.class)
                    .hasMessageContaining("the answer of " + url + " is not from mocksmtp");
            other.stop(0);
        }
    }

    @Test
    void aRedirect() throws IOException {
        other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext(
                "/",
                exchange -> {
                    exchange.getResponseHeaders().set("Location", "/login");
                    exchange.sendResponseHeaders(302, -1);
                    exchange.close();
                });
        other.start();
        assertThatThrownBy(() -> at("http://127.0.0.1:" + other.getAddress().getPort()).port())
                .isInstanceOf(NotMockSmtpException.class)
                .hasMessageContaining("is 302, a redirect to /login, which is not from mocksmtp");
    }

    @Test
    void anotherProtocol() throws Exception {
        try (var socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var greeting =
                    new Thread(
                            () -> {
                                try (var client = socket.accept()) {
                                    client.getOutputStream().write("220 mx ESMTP\r\n".getBytes(UTF_8));
                                } catch (IOException ended) {
                                    // As intended.
                                }
                            });
            greeting.setDaemon(true);
            greeting.start();
            assertThatThrownBy(() -> at("http://127.0.0.1:" + socket.getLocalPort()).port())
                    .isInstanceOf(NotMockSmtpException.class);
        }
    }

    @Test
    void timeout() throws IOException {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:" + silent.getLocalPort();
            assertThatThrownBy(
                            () ->
                                    MockSmtp.start(s -> s.url(url).timeout(Duration.ofMillis(50)))
                                            .port())
                    .isInstanceOf(ServerTimeoutException.class)
                    .hasMessageContaining(url + " did not answer in time");
        }
    }

    @Test
    void busyPort() throws IOException {
        try (var taken = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            int port = taken.getLocalPort();
            assertThatThrownBy(() -> MockSmtp.start(s -> s.smtpPort(port)).port())
                    .isInstanceOf(PortBusyException.class)
                    .hasMessageContaining("127.0.0.1:" + port);
        }
    }

    // Places

    private static ServiceProcess started(Map<String, String> more) throws IOException {
        var environment = new HashMap<>(System.getenv());
        environment.putAll(more);
        String program = new Locator(environment).find("mocksmtp");
        return new ServiceProcess(List.of(program), environment, Duration.ofSeconds(60));
    }

    private static void write(Path folder, String name, String script) throws IOException {
        Path path = folder.resolve(name);
        Files.writeString(path, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** MOCKSMTP_URL precedes all programs. */
    @Test
    void theUrlIsFirst() throws IOException {
        process = started(Map.of());
        var environment = new HashMap<>(System.getenv());
        environment.put("MOCKSMTP_URL", process.url().toString());
        Service found = new Locator(environment).locate(SETTINGS);
        assertThat(found.url()).isEqualTo(process.url());
    }

    /** Without it, and without mocksmtp on PATH, uvx starts the service. */
    @Test
    void uvx(@TempDir Path folder) throws IOException {
        String mocksmtp = new Locator(System.getenv()).find("mocksmtp");
        write(folder, "uvx", "test \"$1\" = mocksmtp && shift && exec " + mocksmtp + " \"$@\"");
        Service found = new Locator(Map.of("PATH", folder + ":/bin:/usr/bin")).locate(SETTINGS);
        assertThat(found.text("/version")).isEqualTo("0.4");
        assertThat(found.reach().dns().getPort()).isPositive();
    }

    /** The error lists every place, and why it was not used. */
    @Test
    void noPlace(@TempDir Path folder) throws IOException {
        write(folder, "mocksmtp", "echo mocksmtp: broken; exit 3");
        assertThatThrownBy(() -> new Locator(Map.of("PATH", folder.toString())).locate(SETTINGS))
                .isInstanceOf(NoServerException.class)
                .hasMessageContaining("MOCKSMTP_URL is not set")
                .hasMessageContaining("mocksmtp` failed: it ended: mocksmtp: broken")
                .hasMessageContaining("no program `uvx` on PATH")
                .hasMessageContaining("container")
                .hasMessageContaining("pipx install mocksmtp");
    }

    /** A service on all addresses may be in a container: its default host is used. */
    @Test
    void aServiceElsewhere() throws IOException {
        var status =
                new Answer(
                        200,
                        "application/json",
                        "{\"version\": \"1.0\", \"instance\": \"1\", \"addresses\": {\"http\":"
                                + " [\"0.0.0.0:8000\"], \"smtp\": [\"0.0.0.0:25\"], \"dns\":"
                                + " [\"0.0.0.0:53\"]}}");
        URI url = URI.create(answering(Map.of("/status", status)));
        var reach = Service.connect(url, null, Duration.ofSeconds(5), Map.of()).reach();
        assertThat(reach.smtp()).isEqualTo(new InetSocketAddress("127.0.0.1", 25));
        assertThat(reach.dns()).isEqualTo(new InetSocketAddress("127.0.0.1", 53));
        var published =
                Map.of("SMTP_HOST", "127.0.0.2", "SMTP_PORT", "2525", "MOCKSMTP_DNS", "127.0.0.2:5300");
        reach = Service.connect(url, null, Duration.ofSeconds(5), published).reach();
        assertThat(reach.smtp()).isEqualTo(new InetSocketAddress("127.0.0.2", 2525));
        assertThat(reach.dns()).isEqualTo(new InetSocketAddress("127.0.0.2", 5300));
    }

    /** There, the default host is reset before each test, and there are no further exchanges. */
    @Test
    void theDefaultHost() throws IOException {
        process = started(Map.of());
        var address = Service.connect(process.url(), null, Duration.ofSeconds(5), Map.of());
        var smtp = new InetSocketAddress("127.0.0.1", 1);
        Service service =
                Service.inContainer(
                        process.url(),
                        Duration.ofSeconds(5),
                        new Service.Reach(smtp, address.reach().dns()));
        try (var mx = MockSmtp.on(service)) {
            assertThat(mx.smtp()).isEqualTo(smtp);
            mx.outage();
            assertThat(mx.domain()).endsWith(".test");
            assertThatThrownBy(() -> mx.exchanges("x.test", 2)).hasMessageContaining("container");
        }
        assertThat(service.text("/smtpBehaviors")).isEqualTo("[]");
        assertThat(service.text("/dnsRecords")).isEqualTo("[]");
    }

    @Test
    void versions() {
        assertThat(Service.isOlder("1.0.0rc1", "1.0.0rc1")).isFalse();
        assertThat(Service.isOlder("0.1.0", "1.0.0rc1")).isTrue();
        assertThat(Service.isOlder("1.0", "1.0.0")).isFalse();
        assertThat(Service.isOlder("0.9.12", "0.10.0")).isTrue();
        assertThat(Service.isOlder("1.0.0.dev1", "1.0.0")).isFalse();
    }

    // The end

    /** A JVM that is killed leaves no service behind. */
    @Test
    void aKilledJvm() throws Exception {
        String java = System.getProperty("java.home") + File.separator + "bin" + File.separator + "java";
        Process jvm =
                new ProcessBuilder(
                                java,
                                "-cp",
                                System.getProperty("java.class.path"),
                                Holder.class.getName())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        long pid;
        try (var reader = jvm.inputReader()) {
            pid = Long.parseLong(reader.readLine());
            var service = ProcessHandle.of(pid).orElseThrow();
            jvm.destroyForcibly().waitFor();
            service.onExit().get(20, TimeUnit.SECONDS);
        }
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }

    /** Starts a service, prints its process id, and waits to be killed. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            System.out.println(started(Map.of()).pid());
            new CountDownLatch(1).await();
        }
    }
}
