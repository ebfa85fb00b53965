import type { components, paths } from "./api.js";
import { type Client, connect } from "./client.js";
import type { Call } from "./recipe.js";
import { RecipeMethods } from "./recipes.js";
import type { Address, MockServer } from "./server.js";
import { type BehaviorInput, type Command, When } from "./when.js";

export type HostInput = components["schemas"]["HostInput"];
export type NearMiss = components["schemas"]["NearMiss"];
export type Session = components["schemas"]["Session"];

/** The parameters of a list. */
export type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Parameters } } }
  ? NonNullable<Parameters>
  : never;

/** A mail host of the service, with its own listener, behaviors and mails. */
export class MailHost extends RecipeMethods {
  /** Its name at the service. */
  readonly name: string;
  /** The address and port of its SMTP listener. */
  readonly smtp: Address;
  /** The URL of its part of the API. */
  readonly url: string;
  /** A client of its part of the API: `/smtpMails` are those of this host. */
  readonly hostApi: Client;

  constructor(
    /** The service. */
    readonly server: MockServer,
    name: string,
    smtp: Address,
  ) {
    super();
    this.name = name;
    this.smtp = smtp;
    this.url = `${server.url}/hosts/${encodeURIComponent(name)}`;
    this.hostApi = connect(this.url, server.token);
  }

  /** Begin a behavior: `when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)`. */
  when(command: Command): When {
    return new When(this.hostApi, command);
  }

  /** Add behaviors as documents of the API; answers their ids. */
  async addBehaviors(...behaviors: BehaviorInput[]): Promise<string[]> {
    return (await this.hostApi.POST("/smtpBehaviors", { body: behaviors })).data!.ids;
  }

  /** Remove all behaviors: the host accepts every mail again. */
  async clearBehaviors(): Promise<void> {
    await this.hostApi.DELETE("/smtpBehaviors");
  }

  /** Change fields of the host's document: `capabilities`, `limits`, `tls`, `auth`. */
  async change(fields: HostInput): Promise<void> {
    const path = { name: this.name };
    const { data } = await this.server.api.GET("/hosts/{name}", { params: { path } });
    const body = { ...data, ...fields } as HostInput;
    await this.server.api.PUT("/hosts/{name}", { params: { path }, body });
  }

  /** Stop to listen: connections are refused, and the DNS records stay. */
  async stopListening(): Promise<void> {
    const path = { name: this.name };
    const { data } = await this.server.api.GET("/hosts/{name}", { params: { path } });
    const dns = { ...data!.dns, address: [this.smtp.host] };
    await this.change({ listeners: [], dns });
  }

  /** End its open connections: with 421, or with a RST. */
  async disconnect(how: "close" | "reset" = "close"): Promise<void> {
    const path = { name: this.name };
    await this.server.api.DELETE("/hosts/{name}/connections", { params: { path, query: { how } } });
  }

  /** The newest exchanges that no behavior answered and one nearly did, and why. */
  async nearMisses(query: Query<"/nearMisses"> = {}): Promise<NearMiss[]> {
    return (await this.hostApi.GET("/nearMisses", { params: { query } })).data!;
  }

  /** The sessions with their transcripts. */
  async sessions(query: Query<"/smtpSessions"> = {}): Promise<Session[]> {
    return (await this.hostApi.GET("/smtpSessions", { params: { query } })).data!;
  }

  protected override async apply(calls: Call[]): Promise<void> {
    for (const call of calls) {
      if (call.kind === "host") await this.change(call.document as HostInput);
      else await this.addBehaviors(...(call.document as BehaviorInput[]));
    }
  }
}
