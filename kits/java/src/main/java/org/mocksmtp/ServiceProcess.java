package org.mocksmtp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A service that this JVM started, on free ports of the loopback address. It exits when its standard
 * input ends, so it also exits when the JVM is killed.
 */
final class ServiceProcess {
    private static final String STARTED = "Mock SMTP server started";
    private static final int KEPT_LINES = 20;

    private final Process process;
    private final Deque<String> lines = new ArrayDeque<>();
    private final CompletableFuture<Boolean> started = new CompletableFuture<>();
    private final URI url;

    /**
     * Start a service and wait until it listens.
     *
     * @param program the program with its first arguments, such as {@code uvx mocksmtp}
     * @throws IOException it cannot be started; the message contains its last lines
     */
    ServiceProcess(List<String> program, Map<String, String> environment, Duration patience)
            throws IOException {
        Path folder = Files.createTempDirectory("mocksmtp-");
        Path addresses = folder.resolve("addresses.json");
        try {
            process = start(program, environment, addresses);
            awaitStart(patience);
            url = urlIn(addresses);
        } finally {
            Files.deleteIfExists(addresses);
            Files.deleteIfExists(folder);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "mocksmtp-stop"));
    }

    private static Process start(
            List<String> program, Map<String, String> environment, Path addresses)
            throws IOException {
        var command = new ArrayList<>(program);
        command.addAll(
                List.of(
                        "serve",
                        "--smtp=127.0.0.1:0",
                        "--http=127.0.0.1:0",
                        "--dns=127.0.0.1:0",
                        "--addresses-file=" + addresses,
                        "--exit-with-stdin",
                        "--quiet"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private void awaitStart(Duration patience) throws IOException {
        var reader = new Thread(this::readLines, "mocksmtp-output");
        reader.setDaemon(true);
        reader.start();
        try {
            if (started.get(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
            throw new IOException("it ended: " + lastLines());
        } catch (TimeoutException error) {
            stop();
            throw new IOException(
                    "it did not start within " + patience.toSeconds() + " s: " + lastLines(), error);
        } catch (ExecutionException error) {
            throw new IOException(error.getCause());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            stop();
            throw new IOException("interrupted", error);
        }
    }

    private void readLines() {
        var input = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8);
        try (var reader = new BufferedReader(input)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                synchronized (lines) {
                    lines.addLast(line);
                    if (lines.size() > KEPT_LINES) {
                        lines.removeFirst();
                    }
                }
                if (line.contains(STARTED)) {
                    started.complete(true);
                }
            }
        } catch (IOException ended) {
            // The same as its end.
        }
        started.complete(false);
    }

    private String lastLines() {
        synchronized (lines) {
            return lines.isEmpty() ? "it printed nothing" : String.join("\n", lines);
        }
    }

    private static URI urlIn(Path addresses) throws IOException {
        String url =
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree(addresses.toFile())
                        .path("url")
                        .asText();
        return URI.create(url);
    }

    URI url() {
        return url;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** End it, and wait for its end. */
    void stop() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException error) {
            process.destroyForcibly();
        } catch (InterruptedException error) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
