package org.mocksmtp;

import org.mocksmtp.client.model.Mail;

/**
 * What a delivery status notification (RFC 3464) reports about one recipient.
 *
 * @param recipient the recipient that it reports on
 * @param action {@code failed}, {@code delayed}, …
 * @param status the enhanced status code, such as {@code 5.1.1}
 * @param diagnostic the reply of the remote host, or null
 * @param remoteMta the remote host, or null
 * @param mail the notification itself
 */
public record Bounce(
        String recipient,
        String action,
        String status,
        String diagnostic,
        String remoteMta,
        Mail mail) {}
