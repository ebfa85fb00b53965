package org.mocksmtp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.mocksmtp.client.ApiClient;
import org.mocksmtp.client.ApiException;
import org.mocksmtp.client.api.ServiceApi;
import org.mocksmtp.client.model.Problem;
import org.mocksmtp.client.model.Status;

/** A running service: sends requests to its API, and turns failures into exceptions. */
final class Service {
    /** The oldest version of the service that has all routes of this kit. */
    static final String MINIMUM = "1.0.0rc1";

    private static final ObjectMapper MAPPER = ApiClient.createDefaultObjectMapper();

    private final URI url;
    private final String token;
    private final Duration timeout;
    private final HttpClient http;
    private final ApiClient api;
    private final String path;
    private Reach reach;

    /**
     * How tests reach the listeners of the service.
     *
     * @param smtp the default host's listener, where tests cannot create hosts of their own; else null
     * @param dns the address of DNS; null if it is off
     */
    record Reach(InetSocketAddress smtp, InetSocketAddress dns) {}

    /** A request that the generated client makes. */
    @FunctionalInterface
    interface Request<T> {
        T send(ApiClient api) throws ApiException;
    }

    /** A request without a result. */
    @FunctionalInterface
    interface Command {
        void send(ApiClient api) throws ApiException;
    }

    private Service(URI url, String path, String token, Duration timeout, HttpClient http) {
        this.url = url;
        this.token = token;
        this.timeout = timeout;
        this.path = path;
        this.http = http;
        this.api = client(Duration.ZERO);
    }

    private static Service at(URI url, String token, Duration timeout) {
        HttpClient http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(timeout)
                        .build();
        return new Service(url, "", token, timeout, http);
    }

    /**
     * The address of an API that a user wrote; without a scheme it is one of HTTP.
     *
     * @throws InvalidUrlException it is no URL of HTTP
     */
    static URI urlOf(String given) {
        String text = given.strip();
        try {
            URI url = new URI(text.contains("://") ? text : "http://" + text);
            if (!List.of("http", "https").contains(url.getScheme())) {
                String reason = "the scheme " + url.getScheme() + " is not http or https";
                throw invalid(given, reason, null);
            }
            // Names that Java's parser refuses, such as those with "_", have no host.
            if (url.getHost() == null) {
                throw invalid(given, "it names no host, or no valid one", null);
            }
            return url;
        } catch (URISyntaxException error) {
            throw invalid(given, error.getReason(), error);
        }
    }

    private static InvalidUrlException invalid(String given, String reason, Throwable cause) {
        return new InvalidUrlException(
                "not the URL of a service: '" + given + "' (" + reason + "); MOCKSMTP_URL must be the"
                        + " address of the API, for example http://127.0.0.1:8000",
                cause);
    }

    /** The same service, with the routes of one of its hosts. */
    Service ofHost(String name) {
        var service = new Service(url, "/hosts/" + name, token, timeout, http);
        service.reach = reach;
        return service;
    }

    /**
     * A service that runs.
     *
     * @param environment SMTP_HOST, SMTP_PORT and MOCKSMTP_DNS name the listeners of a service that
     *     runs on another machine or in a container
     */
    static Service connect(
            URI url, String token, Duration timeout, Map<String, String> environment) {
        Service service = at(url, token, timeout);
        service.reach = service.reachOf(service.check(), environment);
        return service;
    }

    /** A service in a container, whose ports are published. */
    static Service inContainer(URI url, Duration timeout, Reach reach) {
        Service service = at(url, null, timeout);
        service.check();
        service.reach = reach;
        return service;
    }

    private Status check() {
        Status status;
        try {
            status = call(api -> new ServiceApi(api).getStatus());
        } catch (OlderServerException | NotMockSmtpException error) {
            if (isJames()) {
                throw new OlderServerException(
                        url + " has no /status: it is an older mocksmtp, or the mock SMTP server of"
                                + " Apache James; this kit needs mocksmtp " + MINIMUM + " or newer",
                        error);
            }
            throw notMockSmtp(error);
        }
        if (status.getVersion() == null || status.getInstance() == null) {
            throw notMockSmtp(null);
        }
        if (isOlder(status.getVersion(), MINIMUM)) {
            throw new OlderServerException(
                    "mocksmtp at " + url + " is version " + status.getVersion()
                            + "; this kit needs " + MINIMUM + " or newer",
                    null);
        }
        return status;
    }

    private boolean isJames() {
        try {
            return text("/version").strip().matches("\\d+\\.\\d+");
        } catch (MockSmtpException error) {
            return false;
        }
    }

    private Reach reachOf(Status status, Map<String, String> environment) {
        Map<String, List<String>> addresses = status.getAddresses();
        String bound = addresses.get("http").get(0);
        String dnsText = environment.get("MOCKSMTP_DNS");
        List<String> dnsBound = addresses.getOrDefault("dns", List.of());
        InetSocketAddress dns = null;
        if (dnsText != null && dnsText.contains(":")) {
            dns = address(dnsText.split(" ")[0]);
        } else if (!dnsBound.isEmpty()) {
            dns = address(dnsBound.get(0));
        }
        if (bound.startsWith("127.") || bound.startsWith("[::1]")) {
            return new Reach(null, dns);
        }
        // In a container or on another machine: its free ports are not published.
        String host = environment.getOrDefault("SMTP_HOST", url.getHost());
        String port = environment.get("SMTP_PORT");
        int smtp =
                port != null
                        ? Integer.parseInt(port)
                        : address(addresses.get("smtp").get(0)).getPort();
        if (dns != null && dns.getAddress() != null && dns.getAddress().isAnyLocalAddress()) {
            dns = new InetSocketAddress(url.getHost(), dns.getPort());
        }
        return new Reach(new InetSocketAddress(host, smtp), dns);
    }

    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, colon).replace("[", "").replace("]", "");
        return new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
    }

    static boolean isOlder(String version, String minimum) {
        int[] found = numbers(version);
        int[] needed = numbers(minimum);
        return Arrays.compare(found, needed) < 0;
    }

    private static int[] numbers(String version) {
        int[] found =
                Arrays.stream(version.split("[^0-9]+"))
                        .filter(part -> !part.isEmpty())
                        .limit(3)
                        .mapToInt(Integer::parseInt)
                        .toArray();
        return Arrays.copyOf(found, 3);
    }

    URI url() {
        return url;
    }

    Reach reach() {
        return reach;
    }

    ApiClient api() {
        return api;
    }

    <T> T convert(Object document, Class<T> type) {
        return MAPPER.convertValue(document, type);
    }

    ObjectNode tree(Object document) {
        return MAPPER.valueToTree(document);
    }

    <T> T call(Request<T> request) {
        return send(request, api);
    }

    void run(Command request) {
        call(
                client -> {
                    request.send(client);
                    return null;
                });
    }

    /** Send a request whose response may take longer, because the service waits. */
    <T> T callWaiting(Duration wait, Request<T> request) {
        return send(request, wait == null || wait.isZero() ? api : client(wait));
    }

    /** The response to a GET, as text. */
    String text(String path) {
        return send("GET", path, HttpRequest.BodyPublishers.noBody());
    }

    /** Send a JSON document as it is. */
    void post(String path, String json) {
        send("POST", path, HttpRequest.BodyPublishers.ofString(json));
    }

    /** Replace a JSON document. */
    void put(String path, String json) {
        send("PUT", path, HttpRequest.BodyPublishers.ofString(json));
    }

    private String send(String method, String path, HttpRequest.BodyPublisher body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base() + path))
                        .timeout(timeout)
                        .method(method, body);
        authorize(request);
        return call(
                ignored -> {
                    try {
                        var response =
                                http.send(
                                        request.build(), HttpResponse.BodyHandlers.ofString());
                        if (response.statusCode() / 100 != 2) {
                            throw new ApiException(
                                    response.statusCode(), response.headers(), response.body());
                        }
                        return response.body();
                    } catch (IOException error) {
                        throw new ApiException(error);
                    } catch (InterruptedException error) {
                        Thread.currentThread().interrupt();
                        throw new ApiException(error);
                    }
                });
    }

    private String base() {
        String text = url.toString();
        return (text.endsWith("/") ? text.substring(0, text.length() - 1) : text) + path;
    }

    private ApiClient client(Duration wait) {
        var client =
                new ApiClient(HttpClient.newBuilder(), MAPPER, base()) {
                    @Override
                    public HttpClient getHttpClient() {
                        return http;
                    }
                };
        client.setReadTimeout(timeout.plus(wait));
        client.setRequestInterceptor(this::authorize);
        return client;
    }

    private void authorize(HttpRequest.Builder request) {
        if (token != null) {
            request.setHeader("Authorization", "Bearer " + token);
        }
    }

    private <T> T send(Request<T> request, ApiClient client) {
        try {
            return request.send(client);
        } catch (ApiException error) {
            throw meaningOf(error);
        }
    }

    private MockSmtpException meaningOf(ApiException error) {
        if (error.getCode() == 0) {
            return meaningOf(error.getCause() == null ? error : error.getCause());
        }
        Problem problem = problemOf(error);
        if (problem == null) {
            if (error.getCode() / 100 == 3) {
                return redirected(error);
            }
            return error.getCode() == 404
                    ? new OlderServerException(url + " does not know a route of this kit", error)
                    : notMockSmtp(error);
        }
        String detail = problem.getDetail() == null ? problem.getTitle() : problem.getDetail();
        return switch (error.getCode()) {
            case 401 ->
                    new WrongTokenException(
                            url
                                    + (token == null
                                            ? " requires a token: set MOCKSMTP_TOKEN"
                                            : " does not accept the token: compare MOCKSMTP_TOKEN"
                                                    + " with its --token"),
                            error);
            case 409 ->
                    detail.contains("listen") && detail.contains("in use")
                            ? new PortBusyException(detail, error)
                            : new RequestException(409, detail, error);
            case 405, 501 ->
                    new OlderServerException(url + " is too old for this kit: " + detail, error);
            case 404 ->
                    detail.startsWith("no such route")
                            ? new OlderServerException(
                                    url + " is too old for this kit: " + detail, error)
                            : new RequestException(404, detail, error);
            default -> new RequestException(error.getCode(), described(problem, detail), error);
        };
    }

    private static String described(Problem problem, String detail) {
        var shown = new StringBuilder(detail);
        // With one invalid field, the detail names it already.
        if (problem.getErrors() != null && problem.getErrors().size() > 1) {
            problem.getErrors()
                    .forEach(
                            e ->
                                    shown.append("\n  ")
                                            .append(e.getPath())
                                            .append(' ')
                                            .append(e.getMessage()));
        }
        return shown.toString();
    }

    private static Problem problemOf(ApiException error) {
        try {
            Problem problem = MAPPER.readValue(error.getResponseBody(), Problem.class);
            return problem.getStatus() == null ? null : problem;
        } catch (JsonProcessingException | IllegalArgumentException notJson) {
            return null;
        }
    }

    private MockSmtpException meaningOf(Throwable error) {
        if (error instanceof HttpConnectTimeoutException) {
            return new NoServerException("no connection to " + url + " within " + timeout, error);
        }
        if (error instanceof HttpTimeoutException) {
            return new ServerTimeoutException(url + " did not answer in time", error);
        }
        if (error instanceof JsonProcessingException || error instanceof ProtocolException) {
            return notMockSmtp(error);
        }
        if (error instanceof InterruptedException) {
            return new MockSmtpException("interrupted while waiting for " + url, error);
        }
        if (String.valueOf(error.getMessage()).contains("status line")) {
            return notMockSmtp(error);
        }
        return new NoServerException(
                "no service at " + url + ": " + error
                        + "; start one with `mocksmtp serve`, or unset MOCKSMTP_URL",
                error);
    }

    private NotMockSmtpException redirected(ApiException error) {
        String place =
                error.getResponseHeaders() == null
                        ? ""
                        : error.getResponseHeaders().firstValue("Location").orElse("");
        return new NotMockSmtpException(
                "the answer of " + url + " is " + error.getCode() + ", a redirect to " + place
                        + ", which is not from mocksmtp; is the address right?",
                error);
    }

    private NotMockSmtpException notMockSmtp(Throwable error) {
        if (error instanceof NotMockSmtpException known) {
            return known;
        }
        return new NotMockSmtpException(
                "the answer of " + url + " is not from mocksmtp; is the address right?", error);
    }
}
