import { lookup } from "node:dns/promises";

import type { components } from "./api.js";
import type { Client, Duration } from "./client.js";
import { connect, milliseconds } from "./client.js";
import { ApiError, DomainInUseError, MockSmtpError, PortInUseError, TimedOutError } from "./errors.js";
import { type HostInput, MailHost, type Query } from "./host.js";
import type { Address, MockServer } from "./server.js";

export type Attempt = components["schemas"]["SmtpAttempt"];
export type Delivery = components["schemas"]["Delivery"];
export type DnsQuery = components["schemas"]["DnsQuery"];
export type DnsRecord = components["schemas"]["RecordInput"];
export type Mail = components["schemas"]["Mail"];

/** One recipient of a bounce (RFC 3464), and the mail that reports it. */
export type Bounce = components["schemas"]["Bounce"] & { mail: Mail };

/** How long a test waits for what it expects. */
const WAIT = "10s";

/** How long a test waits for the end of another one that has the same domain. */
const TURN = "60s";

/** When it says that it waits: before the usual time-outs of test runners. */
const SAY_AFTER = 2500;

/** How many lines of a report an error contains. */
const REPORT_LINES = 80;

/** The mail host of a test. */
export interface MockOptions {
  /** An existing host, for example `"default"`, which is reset; by default a new one is created. */
  host?: string;
  /**
   * The domain whose mail exchange it is; by default a domain of its own. If another test on
   * the service has the domain, its end is awaited.
   */
  domain?: string;
  /** Fields of the new host's document: `capabilities`, `limits`, `tls`, `auth`. */
  document?: HostInput;
}

/** Waiting for results. Nothing is polled: the service answers when there is something to return. */
export interface Waiting {
  /** How many results to wait for. */
  count?: number;
  /** How long to wait for them; the default is `"10s"`. */
  wait?: Duration;
  /** How long the results must stay unchanged after that. */
  settle?: Duration;
}

type Filters<Path extends "/deliveries" | "/smtpAttempts" | "/smtpMails" | "/dnsQueries"> = Omit<
  Query<Path>,
  "wait" | "settle"
> &
  Waiting;

/** A mail exchange of a domain. */
export class Exchange extends MailHost {
  constructor(
    server: MockServer,
    name: string,
    smtp: Address,
    /** Its name in deliveries: `mx1`. */
    readonly label: string,
    /** Its name in the DNS. */
    readonly exchange: string,
  ) {
    super(server, name, smtp);
  }
}

/** What a test uses: a mail host with its domain, its behaviors, mails and deliveries. */
export class Mock extends MailHost {
  /** A client of the whole API. */
  readonly api: Client;
  /** The DNS server; undefined if the service has none. */
  readonly dns: Address | undefined;

  private readonly labels = new Map<string, string>();
  private readonly others: Exchange[] = [];
  /** Hosts by whose names this test has a domain. */
  private readonly claims = new Set<string>();
  private hasRecords = false;
  private before: { mail?: string; delivery?: string; attempt?: string } = {};

  private constructor(
    server: MockServer,
    name: string,
    smtp: Address,
    /** The domain whose mail exchange this host is. */
    readonly domain: string,
    private readonly created: boolean,
  ) {
    super(server, name, smtp);
    this.api = server.api;
    this.dns = server.dns;
  }

  /** @internal */
  static async open(server: MockServer, name: string, options: MockOptions): Promise<Mock> {
    if (options.host !== undefined) {
      const path = { name: options.host };
      const { data } = await server.api.GET("/hosts/{name}", { params: { path } });
      const smtp = server.reachable(data!.addresses[0]);
      if (smtp === undefined) throw new MockSmtpError(`the host ${options.host} has no listener`);
      const domain = options.domain ?? data!.dns.domains[0]?.name ?? "x.test";
      const mock = new Mock(server, options.host, smtp, domain, false);
      await mock.hostApi.POST("/reset");
      return mock;
    }
    const domain = options.domain ?? `${name}.test`;
    const document = { ...options.document, ...placed(domain, `mx.${domain}`) };
    if (options.domain === undefined) {
      return new Mock(server, name, await createHost(server, name, document), domain, true);
    }
    const smtp = await createHostOf(server, domain, document);
    const mock = new Mock(server, hostOf(domain), smtp, domain, true);
    mock.claims.add(mock.name);
    return mock;
  }

  /** Remove the host with its mails, behaviors and DNS records, and those of its exchanges. */
  async close(): Promise<void> {
    const { api } = this;
    const names = [...this.others.map((one) => one.name), ...(this.created ? [this.name] : [])];
    const remove = (name: string) =>
      api.DELETE("/hosts/{name}", { params: { path: { name } } }).catch((error: unknown) => {
        // The test may have removed it.
        if (!isGone(error)) throw error;
      });
    await Promise.all([
      ...names.filter((name) => !this.claims.has(name)).map(remove),
      ...(this.created ? [] : [this.hostApi.POST("/reset")]),
      ...(this.hasRecords ? [api.DELETE("/dnsRecords", { params: { query: { tag: this.name } } })] : []),
    ]);
    // Now another test may have the domains.
    await Promise.all(names.filter((name) => this.claims.has(name)).map(remove));
  }

  /**
   * Create mail exchanges of a domain, with the labels `mx1`, `mx2` … in this order of
   * preference. They listen on the same port of different addresses, where possible.
   *
   * @param domain by default that of this mock, which no other test has; if another test on
   *   the service has the domain, its end is awaited
   * @param options `port`: for a sender that cannot use another one, for example 25; `turn`: how
   *   long to wait for the end of that test, by default `"60s"`
   * @throws DomainInUseError if that test does not end in time
   */
  async exchanges(
    domain: string = this.domain,
    count = 2,
    options: { port?: number; turn?: Duration } = {},
  ): Promise<Exchange[]> {
    await this.remember();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.createExchanges(domain, count, options.port ?? 0, options.turn);
      } catch (error) {
        // The port of the first is not free at the address of another.
        if (!(error instanceof PortInUseError) || options.port || attempt === 5) throw error;
      }
    }
  }

  private async createExchanges(domain: string, count: number, fixed: number, turn?: Duration): Promise<Exchange[]> {
    const created: Exchange[] = [];
    const net = [64 + Math.floor(Math.random() * 190), Math.floor(Math.random() * 256)];
    let port = fixed;
    let loopback = this.server.isLocal && process.platform === "linux";
    try {
      for (let number = 1; number <= count; number += 1) {
        const label = `mx${number}`;
        const exchange = `${label}.${domain}`;
        const isFirst = domain !== this.domain && !this.claims.has(hostOf(domain)) && number === 1;
        const name = isFirst
          ? hostOf(domain)
          : `${this.name}-${label}${this.others.length + created.length >= count ? `-${this.others.length}` : ""}`;
        const document = placed(domain, exchange, 10 * number);
        if (loopback) document.listeners = [{ address: `127.${net.join(".")}.${number}`, port }];
        const smtp = isFirst
          ? await createHostOf(this.server, domain, document, turn)
          : await createHost(this.server, name, document);
        port = loopback ? smtp.port : fixed;
        created.push(new Exchange(this.server, name, smtp, label, exchange));
      }
    } catch (error) {
      await Promise.all(
        created.map(({ name }) => this.api.DELETE("/hosts/{name}", { params: { path: { name } } })),
      );
      throw error;
    }
    for (const one of created) {
      this.labels.set(one.name, one.label);
      if (one.name === hostOf(domain)) this.claims.add(one.name);
    }
    this.others.push(...created);
    return created;
  }

  /** Entries of other tests on the service are older than these. */
  private async remember(): Promise<void> {
    if (this.others.length > 0) return;
    const newest = { order: "desc", limit: 1 } as const;
    const [mails, deliveries, attempts] = await Promise.all([
      this.api.GET("/smtpMails", { params: { query: { ...newest, host: "*", view: "summary" } } }),
      this.api.GET("/deliveries", { params: { query: newest } }),
      this.api.GET("/smtpAttempts", { params: { query: newest } }),
    ]);
    this.before = { mail: mails.data![0]?.id, delivery: deliveries.data![0]?.id, attempt: attempts.data![0]?.id };
  }

  /** The hosts that a list covers: this one, or also its exchanges. */
  private scope(after: string | undefined): { host: string; after?: string } {
    return this.others.length === 0 ? { host: this.name } : { host: "*", after };
  }

  /** The deliveries that match; with `count` or `settle` it waits for them. */
  async deliveries(filters: Filters<"/deliveries"> = {}, signal?: AbortSignal): Promise<Delivery[]> {
    const query = { ...this.scope(this.before.delivery), ...waiting(filters) };
    const { data } = await this.api.GET("/deliveries", { params: { query }, signal });
    return data!.map((one) => this.labelled(one));
  }

  /**
   * Wait for a delivery, and return the newest that matches.
   *
   * Without `settle` and filters on the result, it waits until the delivery is accepted
   * or rejected, and returns it as it is if that does not happen in time.
   *
   * @throws TimedOutError if nothing matches in time; the message reports what happened instead
   */
  async delivery(filters: Filters<"/deliveries">): Promise<Delivery> {
    const { wait = WAIT, ...wanted } = filters;
    const deadline = Date.now() + milliseconds(wait);
    const found = await this.deliveries({ count: 1, ...wanted, wait });
    const newest = found.at(-1);
    if (newest === undefined || found.length < (wanted.count ?? 1)) throw await this.timedOut("delivery", filters);
    const isDecided = ["settle", "final", "verdict", "copies", "code", "kept"].some((name) => name in wanted);
    if (isDecided || isFinished(newest)) return newest;
    return (await this.finished(wanted, newest, found.at(-2)?.id, deadline)) ?? newest;
  }

  private async finished(
    wanted: Filters<"/deliveries">,
    delivery: Delivery,
    after: string | undefined,
    deadline: number,
  ): Promise<Delivery | undefined> {
    const loser = new AbortController();
    const wait = Math.max(deadline - Date.now(), 0);
    const either = (["accepted", "rejected"] as const).map(async (final) => {
      const filters = { ...wanted, ...(after === undefined ? {} : { after }), count: 1, final, wait };
      const found = await this.deliveries(filters, loser.signal);
      if (found.length === 0) throw new TimedOutError("not finished");
      return found.at(-1)!;
    });
    try {
      return await Promise.any(either);
    } catch {
      const path = { deliveryId: delivery.id };
      const { data } = await this.api.GET("/deliveries/{deliveryId}", { params: { path } });
      return this.labelled(data!);
    } finally {
      loser.abort();
    }
  }

  /** The attempts that match; with `count` or `settle` it waits for them. */
  async attempts(filters: Filters<"/smtpAttempts"> = {}): Promise<Attempt[]> {
    const query = { ...this.scope(this.before.attempt), ...waiting(filters) };
    const { data } = await this.api.GET("/smtpAttempts", { params: { query } });
    return data!.map((one) => ({ ...one, host: this.label(one.host) }));
  }

  /** The mails that match; with `count` or `settle` it waits for them. */
  async mails(filters: Filters<"/smtpMails"> = {}): Promise<Mail[]> {
    const query = { view: "full" as const, ...this.scope(this.before.mail), ...waiting(filters) };
    return (await this.api.GET("/smtpMails", { params: { query } })).data!;
  }

  /**
   * Wait for a mail, and return the newest that matches.
   *
   * @throws TimedOutError if none arrives in time; the message reports what happened instead
   */
  async mail(filters: Filters<"/smtpMails"> = {}): Promise<Mail> {
    const found = await this.mails({ count: 1, ...filters });
    const newest = found.at(-1);
    if (newest === undefined || found.length < (filters.count ?? 1)) throw await this.timedOut("mail", filters);
    return newest;
  }

  /**
   * Wait for a bounce (RFC 3464) that reports a recipient.
   *
   * @throws TimedOutError if none arrives in time
   */
  async bounce(filters: { of: string } & Waiting): Promise<Bounce> {
    const { of, ...waits } = filters;
    const mail = await this.mail({ bounceOf: of, ...waits });
    const reports = mail.bounce ?? [];
    const report = reports.find((one) => one.recipient?.toLowerCase() === of.toLowerCase()) ?? reports[0];
    return { ...report!, mail };
  }

  /** The DNS queries that match, those of all tests; with `count` it waits for them. */
  async queries(filters: Filters<"/dnsQueries"> = {}): Promise<DnsQuery[]> {
    return (await this.api.GET("/dnsQueries", { params: { query: waiting(filters) } })).data!;
  }

  /** Add DNS records; they are removed after the test. */
  async addRecords(...records: DnsRecord[]): Promise<void> {
    this.hasRecords = true;
    await this.api.POST("/dnsRecords", { body: records.map((one) => ({ ...one, tag: this.name })) });
  }

  /** What happened, as text: deliveries, near misses, behaviors that never answered, transcripts. */
  async report(): Promise<string> {
    const texts = await Promise.all(
      [this, ...this.others].map(async ({ name }) => {
        const query = { host: name, format: "text" } as const;
        const { data } = await this.api.GET("/report", { params: { query }, parseAs: "text" });
        return (data as string).trim();
      }),
    );
    return [...this.labels].reduce((text, [name, label]) => text.replaceAll(name, label), texts.join("\n\n"));
  }

  /** @internal The beginning of the report, for the message of a failed test. */
  async explanation(): Promise<string> {
    const lines = (await this.report()).split("\n");
    const more = lines.length - REPORT_LINES;
    return [
      `mocksmtp, ${this.smtp.host}:${this.smtp.port}:`,
      ...lines.slice(0, REPORT_LINES),
      ...(more > 0 ? [`… ${more} more lines: ${this.server.url}/report`] : []),
    ].join("\n");
  }

  private async timedOut(what: string, filters: object): Promise<TimedOutError> {
    const { wait = WAIT, ...wanted } = filters as Waiting;
    const shown = Object.entries(wanted).map(([name, value]) => `${name}=${String(value)}`);
    const within = typeof wait === "number" ? `${wait}ms` : wait;
    return new TimedOutError(`no ${what} with ${shown.join(", ") || "any values"} within ${within}\n\n${await this.explanation()}`);
  }

  private label(name: string): string {
    return this.labels.get(name) ?? name;
  }

  private labelled(delivery: Delivery): Delivery {
    return {
      ...delivery,
      hosts: delivery.hosts.map((name) => this.label(name)),
      rounds: delivery.rounds.map((round) => round.map((one) => ({ ...one, host: this.label(one.host) }))),
    };
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function isFinished(delivery: Delivery): boolean {
  return delivery.final === "accepted" || delivery.final === "rejected";
}

/** The parameters as the API takes them; whoever counts waits. */
function waiting<F extends Waiting>(filters: F): Omit<F, "wait" | "settle"> & { wait?: string; settle?: string } {
  const { wait, settle, ...others } = filters;
  const waits = wait ?? (others.count !== undefined || settle !== undefined ? WAIT : undefined);
  return {
    ...others,
    ...(waits === undefined ? {} : { wait: `${milliseconds(waits)}ms` }),
    ...(settle === undefined ? {} : { settle: `${milliseconds(settle)}ms` }),
  };
}

function placed(domain: string, exchange: string, preference = 10): HostInput {
  return { dns: { names: [exchange], domains: [{ name: domain, preference }] } } as HostInput;
}

async function createHost(server: MockServer, name: string, document: HostInput): Promise<Address> {
  const body: HostInput = { ...document, name };
  if (!server.isLocal) {
    const { address } = await lookup(new URL(server.url).hostname);
    body.listeners = [{ address: "0.0.0.0", port: 0 }];
    body.dns = { ...body.dns, address: [address] } as HostInput["dns"];
  }
  const { data } = await server.api.POST("/hosts", { body });
  return server.reachable(data!.addresses[0])!;
}

/** The name of the first host of a domain: the service has it once, so one test at a time has the domain. */
function hostOf(domain: string): string {
  return `mx.${domain.toLowerCase().replace(/\.$/, "").replace(/[^a-z0-9._-]/g, "_")}`.slice(0, 253);
}

/** Create the first host of a domain, when no other test has the domain. */
async function createHostOf(
  server: MockServer,
  domain: string,
  document: HostInput,
  turn: Duration = TURN,
): Promise<Address> {
  const name = hostOf(domain);
  const advice = "use mock.domain, which only this test has";
  const begin = Date.now();
  const end = begin + milliseconds(turn);
  for (let said = false; ; ) {
    try {
      return await createHost(server, name, document);
    } catch (error) {
      const isTaken = error instanceof ApiError && error.status === 409 && error.problem.detail?.startsWith("the host name");
      if (!isTaken) throw error;
    }
    const waited = Date.now() - begin;
    if (Date.now() >= end) {
      throw new DomainInUseError(
        `${domain} is the domain of another test on this service, which did not end within ${turn}; ` +
          `${advice}, or remove the host ${name} if its test was killed`,
      );
    }
    if (waited >= SAY_AFTER && !said) {
      said = true;
      console.warn(`mocksmtp: waiting for the end of another test that has ${domain}; ${advice}`);
    }
    await removal(server, name, Math.min(end - Date.now(), said ? Infinity : SAY_AFTER - waited));
  }
}

/** Wait until a host is removed: a request that waits there ends with it. */
async function removal(server: MockServer, name: string, longest: number): Promise<void> {
  const query = { count: 10 ** 15, wait: `${Math.max(longest, 1)}ms`, limit: 1, view: "summary" } as const;
  try {
    await connect(`${server.url}/hosts/${name}`, server.token).GET("/smtpMails", { params: { query } });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
