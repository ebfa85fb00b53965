// The application under test: it sends mail with nodemailer, and retries as a queue does.
import { Resolver } from "node:dns/promises";

import { createTransport } from "nodemailer";

import type { Address } from "mocksmtp";

export class App {
  /** @param smtp where it sends, @param pause milliseconds between two attempts */
  constructor(
    readonly smtp: Address,
    readonly pause = 100,
  ) {}

  /** Accept a mail for delivery; what becomes of it, the sender does not learn. */
  async send(to: string, { sender = "me@here.test", text = "Hello" } = {}): Promise<void> {
    const messageId = `<${Math.random().toString(36).slice(2)}@here.test>`;
    void this.deliver({ from: sender, to, subject: "Hello", text, messageId });
  }

  private async deliver(mail: { from: string; to: string; subject: string; text: string; messageId: string }): Promise<void> {
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      const transport = createTransport({ ...this.smtp, name: "app.test", ignoreTLS: true });
      try {
        await transport.sendMail(mail);
        return;
      } catch (error) {
        const { responseCode = 0, response = "" } = error as { responseCode?: number; response?: string };
        if (responseCode >= 500) return await this.bounce(mail, response);
        await new Promise((resolve) => setTimeout(resolve, this.pause));
      } finally {
        transport.close();
      }
    }
  }

  private async bounce(mail: { from: string; to: string }, response: string): Promise<void> {
    const report = [
      "From: mailer-daemon@here.test",
      `To: ${mail.from}`,
      "Subject: Undelivered mail",
      "MIME-Version: 1.0",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      "",
      "--b",
      "",
      "It was not delivered.",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; app.test",
      "",
      `Final-Recipient: rfc822; ${mail.to}`,
      "Action: failed",
      `Status: ${/\d\.\d\.\d+/.exec(response)?.[0] ?? "5.0.0"}`,
      `Diagnostic-Code: smtp; ${response}`,
      "",
      "--b--",
      "",
    ];
    const transport = createTransport({ ...this.smtp, name: "app.test", ignoreTLS: true });
    const envelope = { from: "", to: mail.from };
    // The test may be over: its host is gone then.
    await transport.sendMail({ envelope, raw: report.join("\r\n") }).catch(() => undefined);
    transport.close();
  }
}

/** Delivers by MX, as a mail server: tries the exchanges in the order of preference. */
export async function sendByMx(dns: Address, to: string, port: number): Promise<void> {
  const resolver = new Resolver();
  resolver.setServers([`${dns.host}:${dns.port}`]);
  const exchanges = await resolver.resolveMx(to.split("@")[1]!);
  exchanges.sort((one, other) => one.priority - other.priority);
  for (const { exchange } of exchanges) {
    const [host] = await resolver.resolve4(exchange);
    const transport = createTransport({ host, port, name: "app.test", ignoreTLS: true });
    try {
      await transport.sendMail({ from: "me@here.test", to, subject: "Hello", text: "Hello" });
      return;
    } catch {
      continue;
    } finally {
      transport.close();
    }
  }
  throw new Error("no exchange accepted the mail");
}
