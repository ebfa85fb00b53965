package org.mocksmtp;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the service: at {@code MOCKSMTP_URL}, otherwise starts {@code mocksmtp} from PATH, otherwise
 * {@code uvx mocksmtp}, otherwise a container. A JVM starts one service, for all its tests.
 */
final class Locator {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration DOWNLOAD = Duration.ofMinutes(5);

    private static final Map<Settings, Service> FOUND = new HashMap<>();

    private final Map<String, String> environment;
    private final List<String> reasons = new ArrayList<>();

    Locator(Map<String, String> environment) {
        this.environment = environment;
    }

    /** The service for these settings, shared by all tests of this JVM. */
    static Service shared(Settings settings) {
        var key =
                new Settings(
                        settings.url(), settings.token(), 0, settings.timeout(), Duration.ZERO);
        synchronized (FOUND) {
            return FOUND.computeIfAbsent(key, new Locator(System.getenv())::locate);
        }
    }

    Service locate(Settings settings) {
        String token = settings.token() != null ? settings.token() : environment.get("MOCKSMTP_TOKEN");
        URI url = settings.url();
        if (url == null && isSet("MOCKSMTP_URL")) {
            url = Service.urlOf(environment.get("MOCKSMTP_URL"));
        }
        if (url != null) {
            return Service.connect(url, token, settings.timeout(), environment);
        }
        reasons.add("MOCKSMTP_URL is not set");
        ServiceProcess process = start("mocksmtp", List.of(), START);
        if (process == null) {
            process = start("uvx", List.of("mocksmtp"), DOWNLOAD);
        }
        if (process != null) {
            return Service.connect(process.url(), token, settings.timeout(), Map.of());
        }
        Service service = inContainer(settings);
        if (service == null) {
            throw new NoServerException(
                    "no mocksmtp found: " + String.join("; ", reasons)
                            + ". Install it (`pipx install mocksmtp`), or set MOCKSMTP_URL to a"
                            + " running service",
                    null);
        }
        return service;
    }

    private boolean isSet(String name) {
        return !environment.getOrDefault(name, "").isBlank();
    }

    private ServiceProcess start(String program, List<String> arguments, Duration patience) {
        String path = find(program);
        if (path == null) {
            reasons.add("no program `" + program + "` on PATH");
            return null;
        }
        var command = new ArrayList<>(List.of(path));
        command.addAll(arguments);
        try {
            return new ServiceProcess(command, environment, patience);
        } catch (IOException error) {
            reasons.add("`" + String.join(" ", command) + "` failed: " + error.getMessage());
            return null;
        }
    }

    /** The path of a program, or null. */
    String find(String program) {
        for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            for (String name : List.of(program, program + ".exe")) {
                Path path = Path.of(folder, name);
                if (!folder.isEmpty() && Files.isRegularFile(path) && Files.isExecutable(path)) {
                    return path.toString();
                }
            }
        }
        return null;
    }

    private Service inContainer(Settings settings) {
        try {
            Class.forName("org.testcontainers.containers.GenericContainer");
        } catch (ClassNotFoundException error) {
            reasons.add("Testcontainers is not on the class path");
            return null;
        }
        try {
            return MockSmtpContainer.startShared(settings.timeout());
        } catch (IllegalStateException error) {
            reasons.add("no container can be started: " + error.getMessage());
            return null;
        }
    }
}
