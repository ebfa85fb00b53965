package org.mocksmtp;

import java.time.Duration;
import java.util.List;
import org.assertj.core.api.AssertProvider;

/**
 * All attempts to deliver one mail to one recipient. AssertJ's own {@code assertThat} accepts it and
 * returns a {@link DeliveryAssert}.
 */
public final class Delivery implements AssertProvider<DeliveryAssert> {
    private final org.mocksmtp.client.model.Delivery model;
    private final MockHost main;
    private final List<List<Attempt>> rounds;

    Delivery(org.mocksmtp.client.model.Delivery model, MockHost main) {
        this.model = model;
        this.main = main;
        this.rounds =
                model.getRounds().stream()
                        .map(round -> round.stream().map(a -> Attempt.of(a, main)).toList())
                        .toList();
    }

    /** The recipient in the envelope; null for connections that never named one. */
    public String recipient() {
        return model.getRecipient();
    }

    /** The sender in the envelope; null if it was never named. */
    public String sender() {
        return model.getSender();
    }

    /** The decoded subject; null if the content was never sent. */
    public String subject() {
        return model.getSubject();
    }

    /** The Message-ID without angle brackets; null if it is not known. */
    public String messageId() {
        return model.getMessageId();
    }

    /** The verdict of the last attempt. */
    public Verdict finalVerdict() {
        return Verdict.of(model.getFinal().getValue());
    }

    boolean isDecided() {
        return finalVerdict() == Verdict.ACCEPTED || finalVerdict() == Verdict.REJECTED;
    }

    /** The verdicts of all attempts, in order. */
    public List<Verdict> verdicts() {
        return attempts().stream().map(Attempt::verdict).toList();
    }

    /** The host of each attempt: {@code mx}, or {@code mx1}, {@code mx2} of exchanges. */
    public List<String> hosts() {
        return attempts().stream().map(Attempt::host).toList();
    }

    /** How many times the mail was kept. */
    public int copies() {
        return model.getCopies().intValue();
    }

    /** All attempts, in order. */
    public List<Attempt> attempts() {
        return rounds.stream().flatMap(List::stream).toList();
    }

    /** The attempts in rounds: a round ends when a host is tried again. */
    public List<List<Attempt>> rounds() {
        return rounds;
    }

    /** The time from the end of each round to the start of the next. */
    public List<Duration> backoffs() {
        return model.getBackoffs().stream()
                .map(milliseconds -> Duration.ofNanos((long) (milliseconds * 1e6)))
                .toList();
    }

    /** All fields of the API. */
    public org.mocksmtp.client.model.Delivery details() {
        return model;
    }

    MockHost main() {
        return main;
    }

    @Override
    public DeliveryAssert assertThat() {
        return new DeliveryAssert(this);
    }

    /** What was tried, in lines. */
    @Override
    public String toString() {
        var shown =
                new StringBuilder("delivery to ")
                        .append(recipient())
                        .append(" from ")
                        .append(sender());
        if (subject() != null) {
            shown.append(", subject \"").append(subject()).append('"');
        }
        shown.append(": ").append(finalVerdict());
        shown.append(", ").append(counted(attempts().size(), "attempt", "attempts"));
        shown.append(", ").append(counted(copies(), "copy", "copies")).append(" kept");
        int number = 0;
        for (int round = 0; round < rounds.size(); round++) {
            if (round > 0) {
                shown.append("\n  after ").append(backoffs().get(round - 1).toMillis()).append(" ms");
            }
            for (Attempt attempt : rounds.get(round)) {
                shown.append("\n  ").append(++number).append(". ").append(attempt);
            }
        }
        return shown.toString();
    }

    static String counted(int number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }
}
