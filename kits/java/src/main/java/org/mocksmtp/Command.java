package org.mocksmtp;

import org.mocksmtp.client.model.BehaviorInput;

/** The points of an SMTP session at which a behavior can answer. */
public enum Command {
    /** Before the banner. */
    CONNECT, HELO, EHLO, STARTTLS,
    /** During or after the TLS handshake. */
    TLS, AUTH, AUTH_COMMAND, MAIL_FROM, RCPT_TO,
    /** The command DATA, before the content. */
    DATA_COMMAND,
    /** While the content arrives. */
    DATA_CONTENT,
    /** The final dot, after the content. */
    DATA, BDAT, RSET, VRFY, EXPN, HELP, NOOP, QUIT,
    /** Every command, also one that the server itself would refuse. */
    ANY;

    BehaviorInput.CommandEnum model() {
        return BehaviorInput.CommandEnum.valueOf(name());
    }
}
