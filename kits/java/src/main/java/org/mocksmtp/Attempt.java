package org.mocksmtp;

import java.time.OffsetDateTime;
import org.mocksmtp.client.model.SmtpAttempt;

/**
 * One recipient in one transaction, or a connection that never named a recipient.
 *
 * @param host the host's name in the test: {@code mx}, {@code mx1}, …
 * @param stage the command at which the verdict was decided
 * @param recipient null if the client did not name one
 * @param code the code of the deciding reply; 0 without a reply
 * @param text the text of the deciding reply; empty without a reply
 * @param verdict the result for the client
 * @param kept whether the mail is in the mailbox for this recipient
 * @param behavior the id of the behavior that replied, or null
 * @param details all fields of the API
 */
public record Attempt(
        String host,
        String stage,
        String sender,
        String recipient,
        int code,
        String text,
        Verdict verdict,
        boolean kept,
        String behavior,
        OffsetDateTime startedAt,
        SmtpAttempt details) {

    static Attempt of(SmtpAttempt model, MockHost main) {
        var reply = model.getReply();
        return new Attempt(
                main.label(model.getHost()),
                model.getStage().getValue(),
                model.getSender(),
                model.getRecipient(),
                reply == null || reply.getCode() == null ? 0 : reply.getCode(),
                reply == null || reply.getText() == null ? "" : reply.getText(),
                Verdict.of(model.getVerdict().getValue()),
                Boolean.TRUE.equals(model.getKept()),
                model.getBehavior(),
                model.getStartedAt(),
                model);
    }

    /** In one line: {@code mx RCPT TO: 550 5.1.1 No such user → rejected}. */
    @Override
    public String toString() {
        var shown = new StringBuilder(host).append(' ').append(stage).append(": ");
        if (code == 0) {
            shown.append(text.isEmpty() ? "no reply" : text);
        } else {
            shown.append(code);
            if (!text.isEmpty()) {
                shown.append(' ').append(text);
            }
        }
        shown.append(" → ").append(verdict);
        if (verdict == Verdict.ACCEPTED ? !kept : kept) {
            shown.append(kept ? ", but kept" : ", but not kept");
        }
        if (behavior != null) {
            shown.append(" [by behavior ").append(behavior).append(']');
        }
        return shown.toString();
    }
}
