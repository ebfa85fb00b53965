package org.mocksmtp;

import java.util.List;
import org.assertj.core.api.AbstractAssert;

/** Assertions on a delivery. If one fails, its message reports what was tried, refused, and why. */
public final class DeliveryAssert extends AbstractAssert<DeliveryAssert, Delivery> {
    DeliveryAssert(Delivery actual) {
        super(actual, DeliveryAssert.class);
    }

    /** The last attempt was accepted (2xx after the content). */
    public DeliveryAssert accepted() {
        return endedAs(Verdict.ACCEPTED);
    }

    /** The last attempt was deferred (4xx). */
    public DeliveryAssert deferred() {
        return endedAs(Verdict.DEFERRED);
    }

    /** The last attempt was rejected (5xx). */
    public DeliveryAssert rejected() {
        return endedAs(Verdict.REJECTED);
    }

    /** The last attempt has no result: the connection ended, or no valid reply was sent. */
    public DeliveryAssert withoutResult() {
        return endedAs(Verdict.NONE);
    }

    private DeliveryAssert endedAs(Verdict verdict) {
        return expect(verdict == present().finalVerdict(), "to end as " + verdict);
    }

    /** The number of attempts. */
    public DeliveryAssert attempts(int number) {
        int found = present().attempts().size();
        return expect(
                found == number,
                "to have " + Delivery.counted(number, "attempt", "attempts"));
    }

    /** The number of times that the mail was kept. */
    public DeliveryAssert copies(int number) {
        return expect(
                present().copies() == number,
                "to have " + Delivery.counted(number, "copy", "copies"));
    }

    /** The verdicts of all attempts, in order. */
    public DeliveryAssert verdicts(Verdict... verdicts) {
        return expect(
                present().verdicts().equals(List.of(verdicts)),
                "to have the verdicts " + List.of(verdicts));
    }

    /** The hosts of all attempts, in order. */
    public DeliveryAssert hosts(String... hosts) {
        return expect(
                present().hosts().equals(List.of(hosts)), "to try the hosts " + List.of(hosts));
    }

    /** The last attempt got a reply with this code. */
    public DeliveryAssert lastReply(int code) {
        return expect(last().code() == code, "to end with a reply " + code);
    }

    /** The last attempt got a reply with this code, and with this in its text. */
    public DeliveryAssert lastReply(int code, String text) {
        return expect(
                last().code() == code && last().text().contains(text),
                "to end with a reply " + code + " that contains \"" + text + "\"");
    }

    /** The last attempt was decided at this command. */
    public DeliveryAssert decidedAt(Command stage) {
        return expect(
                last().stage().equals(stage.model().getValue()),
                "to be decided at " + stage.model().getValue());
    }

    private Delivery present() {
        isNotNull();
        return actual;
    }

    private Attempt last() {
        List<Attempt> attempts = present().attempts();
        return attempts.get(attempts.size() - 1);
    }

    private DeliveryAssert expect(boolean holds, String expectation) {
        if (!holds) {
            String why = actual.main().explainMisses();
            failWithMessage(
                    "%s", "Expected this delivery " + expectation + ":\n" + actual + why);
        }
        return this;
    }
}
