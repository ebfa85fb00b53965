// Sends the mails of a shop through a queue: a mail that a host defers is tried again
// with growing pauses, a mail that a host rejects is not.
import { randomUUID } from "node:crypto";

import { Queue, UnrecoverableError, Worker } from "bullmq";
import { createTransport } from "nodemailer";

export class OrderMails {
  #transport;
  #queue;
  #worker;

  /**
   * @param smtp `{ host, port }` of the mail host
   * @param redis the connection to Redis
   * @param options `name` of the queue, `attempts`, and `pause` in milliseconds before the
   *   first retry; `undeliverable(mail, reason)` is called for a mail that is given up
   */
  constructor(smtp, redis, { name = "order-mails", attempts = 8, pause = 1000, undeliverable = () => undefined } = {}) {
    this.#transport = createTransport({ ...smtp, name: "shop.test", greetingTimeout: 5000, socketTimeout: 10_000 });
    const retry = { attempts, backoff: { type: "exponential", delay: pause }, removeOnComplete: true };
    this.#queue = new Queue(name, { connection: redis, defaultJobOptions: retry });
    this.#worker = new Worker(name, (job) => this.#deliver(job.data), { connection: redis });
    this.#worker.on("failed", (job, error) => {
      if (job.finishedOn !== undefined) undeliverable(job.data, error.message);
    });
  }

  /** Queue the confirmation of an order. */
  async confirm(order) {
    // The Message-ID is part of the job: every attempt sends the same mail.
    await this.#queue.add("confirm", {
      from: "shop@here.test",
      to: order.customer,
      subject: `Your order ${order.number}`,
      text: `We will send your order ${order.number} today.`,
      messageId: `<${randomUUID()}@here.test>`,
    });
  }

  async #deliver(mail) {
    try {
      await this.#transport.sendMail(mail);
    } catch (error) {
      if (error.responseCode >= 500) throw new UnrecoverableError(error.response);
      throw error;
    }
  }

  async close() {
    await this.#worker.close();
    await this.#queue.obliterate({ force: true });
    await this.#queue.close();
    this.#transport.close();
  }
}
