package org.mocksmtp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.mocksmtp.client.api.NearMissesApi;
import org.mocksmtp.client.api.SmtpAttemptsApi;
import org.mocksmtp.client.api.SmtpAttemptsApi.APIListAttemptsRequest;
import org.mocksmtp.client.api.SmtpBehaviorsApi;
import org.mocksmtp.client.model.Considered;
import org.mocksmtp.client.model.NearMiss;

/** Why a delivery is not as expected: what else was tried, and which behaviors nearly answered. */
final class Explanation {
    private static final long AT_MOST = 10;

    private Explanation() {}

    static String missing(MockHost main, String kind, Search.Terms terms, String wait) {
        var shown = new StringBuilder("No ").append(kind).append(terms);
        shown.append(" within ").append(wait).append('.');
        List<String> attempts = attempts(main);
        if (attempts.isEmpty()) {
            var smtp = main.smtp();
            shown.append(" No client tried to deliver anything to ")
                    .append(smtp.getAddress().getHostAddress())
                    .append(':')
                    .append(smtp.getPort())
                    .append(": does the application use this address and port?");
        } else {
            shown.append(" These attempts were made:");
            attempts.forEach(line -> shown.append("\n  ").append(line));
        }
        return shown.append(misses(main)).toString();
    }

    private static List<String> attempts(MockHost main) {
        List<String> lines = new ArrayList<>();
        for (MockHost host : main.all()) {
            var request =
                    APIListAttemptsRequest.newBuilder()
                            .order("desc")
                            .limit(AT_MOST)
                            .build();
            var found =
                    host.ofHost()
                            .call(api -> new SmtpAttemptsApi(api).listAttempts(request));
            Collections.reverse(found);
            for (var model : found) {
                Attempt attempt = Attempt.of(model, main);
                lines.add(
                        "to " + attempt.recipient() + " from " + attempt.sender() + ": " + attempt);
            }
        }
        return lines;
    }

    /** The behaviors that nearly answered, and those that never did; empty without any. */
    static String misses(MockHost main) {
        var shown = new StringBuilder();
        for (MockHost host : main.all()) {
            for (NearMiss miss : nearMisses(host)) {
                for (Considered considered : miss.getConsidered()) {
                    if (considered.getHint() != null) {
                        shown.append("\nNear miss: ").append(described(main, miss, considered));
                    }
                }
            }
            var unused =
                    host.ofHost()
                            .call(
                                    api ->
                                            new SmtpBehaviorsApi(api)
                                                    .listBehaviors(null, 0L, "full"));
            for (var behavior : unused) {
                shown.append("\nNever answered: behavior ").append(behavior.getId());
                if (behavior.getName() != null) {
                    shown.append(" \"").append(behavior.getName()).append('"');
                }
                shown.append(" of ").append(main.label(host.name()));
                shown.append(" at ").append(behavior.getCommand());
            }
        }
        return shown.toString();
    }

    private static List<NearMiss> nearMisses(MockHost host) {
        return host.ofHost().call(api -> new NearMissesApi(api).listNearMisses(AT_MOST));
    }

    private static String described(MockHost main, NearMiss miss, Considered considered) {
        return main.label(miss.getHost())
                + " "
                + (miss.getLine() == null ? "content" : miss.getLine())
                + ": behavior "
                + (considered.getName() == null
                        ? considered.getBehavior()
                        : '"' + considered.getName() + '"')
                + " wants "
                + considered.getOperator()
                + " \""
                + considered.getWanted()
                + "\", found \""
                + considered.getFound()
                + "\": "
                + considered.getHint().getText();
    }
}
