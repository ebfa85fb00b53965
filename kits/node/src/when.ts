import type { components } from "./api.js";
import { type Client, type Duration, milliseconds } from "./client.js";

export type Behavior = components["schemas"]["Behavior"];
export type BehaviorInput = components["schemas"]["BehaviorInput"];
export type Command = BehaviorInput["command"];
export type Condition = components["schemas"]["ConditionInput"];
export type Response = components["schemas"]["ResponseInput"];

/** How the counts of a behavior are split, for example `"recipient"` or `"connection"`. */
export type Key = string | readonly string[];

/** A behavior of the service. */
export class SetBehavior {
  constructor(
    /** Its id in the API. */
    readonly id: string,
    private readonly api: Client,
  ) {}

  /** Its document with its counts: `seen`, `fired`, `remaining`. */
  async read(): Promise<Behavior> {
    return (await this.api.GET("/smtpBehaviors/{id}", { params: { path: { id: this.id } } })).data!;
  }

  /** How often it has answered. */
  async fired(): Promise<number> {
    return (await this.read()).fired!;
  }

  /** Switch it off, or on again; it keeps its counts. */
  async enable(enabled = true): Promise<void> {
    await this.api.PATCH("/smtpBehaviors/{id}", { params: { path: { id: this.id } }, body: { enabled } });
  }

  /** Remove it. */
  async remove(): Promise<void> {
    await this.api.DELETE("/smtpBehaviors/{id}", { params: { path: { id: this.id } } });
  }
}

/**
 * A behavior in words: `await mock.when("RCPT TO").contains("bob@").reply(450).times(2)`.
 *
 * It is sent after the statement; `await` waits until the service has it.
 */
export class When implements PromiseLike<SetBehavior> {
  private readonly document: BehaviorInput;
  private readonly conditions: Condition[] = [];
  private subject: string | undefined;
  private negated = false;
  private sent: Promise<SetBehavior> | undefined;
  private started = false;

  constructor(
    private readonly api: Client,
    command: Command,
  ) {
    this.document = { command };
  }

  /** The next condition is about this target, for example `"header:Subject"` or `"helo"`. */
  target(name: string): this {
    this.subject = name;
    return this;
  }

  /** The next condition must not be true. */
  get not(): this {
    this.negated = !this.negated;
    return this;
  }

  /** The value contains this text. */
  contains(text: string): this {
    return this.compare("contains", text);
  }

  /** The value is this text. */
  equals(text: string): this {
    return this.compare("equals", text);
  }

  /** The value begins with this text. */
  startsWith(text: string): this {
    return this.compare("startsWith", text);
  }

  /** The value ends with this text. */
  endsWith(text: string): this {
    return this.compare("endsWith", text);
  }

  /** This regular expression (RE2) matches a part of the value. */
  matches(expression: string): this {
    return this.compare("matches", expression);
  }

  /** The value is a number, at least this one. */
  atLeast(number: number): this {
    return this.compare("atLeast", String(number));
  }

  /** The value is a number below this one. */
  lessThan(number: number): this {
    return this.compare("lessThan", String(number));
  }

  /** The value is an IP address in this network, for example `"10.0.0.0/8"`. */
  inNetwork(network: string): this {
    return this.compare("inNetwork", network);
  }

  /** There is a value. */
  exists(): this {
    return this.compare("exists");
  }

  /** There is no value. */
  absent(): this {
    return this.compare("absent");
  }

  /** The last condition ignores case. */
  ignoreCase(): this {
    const last = this.conditions.at(-1);
    if (last === undefined) throw new TypeError("ignoreCase() follows a condition, for example contains()");
    (last.condition ?? last).ignoreCase = true;
    return this;
  }

  /** The reply: a code, and optionally a text that may begin with an enhanced code. */
  reply(code: number, message?: string, more: Response = {}): this {
    return this.respond({ code, ...(message === undefined ? {} : { message }), ...more });
  }

  /** Any response; several are used in turn. */
  respond(...responses: [Response, ...Response[]]): this {
    if (responses.length === 1) this.document.response = responses[0];
    else this.document.responses = responses;
    return this.schedule();
  }

  /** Close the connection instead of a reply. */
  close(): this {
    return this.respond({ then: "close" });
  }

  /** Reset the connection instead of a reply. */
  reset(): this {
    return this.respond({ then: "reset" });
  }

  /** Send nothing, and read nothing. */
  hang(): this {
    return this.respond({ then: "hang" });
  }

  /** Execute the command, then reset the connection: the client does not know the result. */
  keepThenReset(): this {
    return this.respond({ then: "reset", effect: "apply" });
  }

  /** Execute the command, then close the connection without a reply. */
  keepThenClose(): this {
    return this.respond({ then: "close", effect: "apply" });
  }

  /** Reply that the command succeeded, and keep nothing. */
  acceptAndLose(code = 250, message = "2.0.0 Queued"): this {
    return this.respond({ code, message, effect: "discard" });
  }

  /** The time before the reply; without a reply, the server's own reply is delayed. */
  delay(time: Duration): this {
    return this.respond({ ...this.document.response, delay: milliseconds(time) });
  }

  /** How often it answers, for each key. */
  times(number: number): this {
    return this.set({ numberOfAnswer: number });
  }

  /** How many matches are passed over first, for each key. */
  skip(number: number): this {
    return this.set({ skip: number });
  }

  /** What splits the counts, for example `"recipient"` or `["clientIp", "sender"]`. */
  per(key: Key): this {
    return this.set({ per: key });
  }

  /** It answers only within this time after the first match of a key. */
  activeFor(time: Duration): this {
    return this.set({ activeFor: milliseconds(time) });
  }

  /** A key is forgotten this long after its first match. */
  window(time: Duration): this {
    return this.set({ window: milliseconds(time) });
  }

  /** The share of the matches that it answers, above 0 and up to 1. */
  probability(share: number): this {
    return this.set({ probability: share });
  }

  /** A name, shown in reports and explanations. */
  named(name: string): this {
    return this.set({ name });
  }

  then<Result = SetBehavior, Failure = never>(
    fulfilled?: ((behavior: SetBehavior) => Result | PromiseLike<Result>) | null,
    rejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    const sent =
      this.sent ??
      Promise.reject(new TypeError(`when(${JSON.stringify(this.document.command)}) has no response: add for example .reply(450)`));
    return sent.then(fulfilled, rejected);
  }

  private compare(operator: Condition["operator"], matchingValue?: string): this {
    const leaf: Condition = { operator };
    if (matchingValue !== undefined) leaf.matchingValue = matchingValue;
    if (this.subject !== undefined) leaf.target = this.subject;
    this.conditions.push(this.negated ? { operator: "not", condition: leaf } : leaf);
    this.subject = undefined;
    this.negated = false;
    return this.schedule(false);
  }

  private set(fields: Partial<BehaviorInput>): this {
    Object.assign(this.document, fields);
    return this.schedule(false);
  }

  private schedule(send = true): this {
    if (this.started) {
      throw new TypeError("this behavior was already sent: write it in one statement, or change it by its id");
    }
    if (send) this.sent ??= Promise.resolve().then(() => this.send());
    return this;
  }

  private async send(): Promise<SetBehavior> {
    this.started = true;
    const [first, ...others] = this.conditions;
    if (first !== undefined) {
      this.document.condition = others.length === 0 ? first : { operator: "all", conditions: this.conditions };
    }
    const { data } = await this.api.POST("/smtpBehaviors", { body: [this.document] });
    return new SetBehavior(data!.ids[0]!, this.api);
  }
}
