import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { isIP, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import type { components } from "./api.js";
import { type Client, connect, type Duration, milliseconds, rootOf } from "./client.js";
import { MockSmtpError, NoServerError, NotMockSmtpError, OlderServerError, PortInUseError, TimedOutError } from "./errors.js";
import { Mock, type MockOptions } from "./mock.js";

/** The oldest version of the service that has what this package uses. */
const OLDEST = "1.0.0rc1";

/** The container image that is run if neither `mocksmtp` nor `uvx` is installed. */
const IMAGE = `mocksmtp:${OLDEST}`;

/** An address and a port, for example of the SMTP listener. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Which service is used, and how it is started. */
export interface ServerOptions {
  /** The URL of a running service; the default is `MOCKSMTP_URL`. */
  url?: string;
  /** The bearer token; the default is `MOCKSMTP_TOKEN`. */
  token?: string;
  /** More options of `mocksmtp serve`, for a service that is started. */
  options?: readonly string[];
  /** How long the start may take; the default is `"60s"`, because `uvx` and containers download. */
  startTimeout?: Duration;
}

/** A running service: found by `MOCKSMTP_URL`, or started by this process. */
export class MockServer {
  /** The root of its HTTP API. */
  readonly url: string;
  /** A client of the whole API. */
  readonly api: Client;
  /** Its version, for example `1.0.0`. */
  readonly version: string;
  /** The SMTP listener of the default host; undefined if it has none. */
  readonly smtp: Address | undefined;
  /** The DNS server, UDP and TCP; undefined if it is off. */
  readonly dns: Address | undefined;
  /** The process of a service that was started, if it is known. */
  readonly pid: number | undefined;
  /** @internal */
  readonly token: string | undefined;

  private mocks = 0;

  private constructor(
    url: string,
    token: string | undefined,
    status: components["schemas"]["Status"],
    private readonly started?: StartedService,
  ) {
    this.url = url;
    this.token = token;
    this.api = connect(url, token);
    this.version = status.version;
    const addresses = status.addresses as Record<string, string[] | undefined>;
    this.smtp = this.reachable(addresses.smtp?.[0]);
    this.dns = this.reachable(addresses.dns?.[0]);
    this.pid = started?.pid;
  }

  /**
   * Use the service at `MOCKSMTP_URL`, or start one on free ports: with `mocksmtp` on the
   * PATH, otherwise with `uvx mocksmtp`, otherwise in a container (docker or podman).
   *
   * A service that was started ends when this process ends, however it ends.
   */
  static async start(options: ServerOptions = {}): Promise<MockServer> {
    const token = options.token ?? process.env.MOCKSMTP_TOKEN;
    const url = options.url ?? process.env.MOCKSMTP_URL;
    if (url) return MockServer.connect(url, token);
    const started = await startService(options, token);
    try {
      return await MockServer.connect(started.url, token, started);
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  private static async connect(url: string, token?: string, started?: StartedService): Promise<MockServer> {
    const root = rootOf(url);
    const { data } = await connect(root, token).GET("/status").catch((error: unknown) => {
      if (error instanceof SyntaxError) throw new NotMockSmtpError(`GET ${root}/status: the answer is not JSON. Check MOCKSMTP_URL.`);
      throw error;
    });
    if (typeof data?.version !== "string" || typeof data.addresses !== "object") {
      throw new NotMockSmtpError(`GET ${root}/status: the answer is not from mocksmtp. Check MOCKSMTP_URL.`);
    }
    if (isOlder(data.version, OLDEST)) {
      throw new OlderServerError(`mocksmtp ${data.version} at ${root} is too old; this package needs ${OLDEST} or later`);
    }
    return new MockServer(root, token, data, started);
  }

  /** Create a mail host of its own, with its domain: one for each test. */
  async open(options: MockOptions = {}): Promise<Mock> {
    this.mocks += 1;
    const unique = Math.random().toString(36).slice(2, 8);
    return Mock.open(this, `t${this.mocks}-${unique}`, options);
  }

  /** Whether its listeners are on this machine's loopback address. */
  get isLocal(): boolean {
    return /^(localhost|127\..*|\[::1\])$/.test(new URL(this.url).hostname);
  }

  /** End a service that was started; a service at `MOCKSMTP_URL` continues. */
  async stop(): Promise<void> {
    await this.started?.stop();
  }

  /** @internal Where this process reaches a listener of the service. */
  reachable(listener: string | undefined): Address | undefined {
    if (listener === undefined) return undefined;
    const at = listener.lastIndexOf(":");
    const host = listener.slice(0, at).replace(/^\[|\]$/g, "");
    const port = Number(listener.slice(at + 1));
    if (!this.isLocal) return { host: new URL(this.url).hostname, port };
    return { host: host === "0.0.0.0" || host === "::" || !isIP(host) ? "127.0.0.1" : host, port };
  }
}

const SHARED = Symbol.for("mocksmtp.shared");

/** The service of this process; it is started by the first test that needs it. */
export function sharedServer(options?: ServerOptions): Promise<MockServer> {
  const holder = globalThis as { [SHARED]?: Promise<MockServer> };
  holder[SHARED] ??= MockServer.start(options);
  return holder[SHARED];
}

/** End the service of `sharedServer`, if there is one. */
export async function stopSharedServer(): Promise<void> {
  const holder = globalThis as { [SHARED]?: Promise<MockServer> };
  const shared = holder[SHARED];
  delete holder[SHARED];
  await (await shared?.catch(() => undefined))?.stop();
}

interface StartedService {
  url: string;
  pid: number | undefined;
  stop(): Promise<void>;
}

interface Program {
  name: string;
  command: string[];
}

async function startService(options: ServerOptions, token?: string): Promise<StartedService> {
  const folder = mkdtempSync(join(tmpdir(), "mocksmtp-"));
  try {
    const failures: string[] = [];
    for (const program of programs(folder)) {
      try {
        return await run(program, folder, options, token);
      } catch (error) {
        // An installed program that fails is what its user wants to know of.
        if (!(error instanceof NoServerError) || program.name === "mocksmtp") throw error;
        failures.push(error.message);
      }
    }
    const tried = failures.length > 0 ? ` Tried: ${failures.join("; ")}.` : "";
    throw new NoServerError(
      `no mocksmtp found: set MOCKSMTP_URL to a running service, or install it (pip install mocksmtp), uv or docker.${tried}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What can start a service, in the order in which it is tried. */
function programs(folder: string): Program[] {
  const found: Program[] = [];
  if (onPath("mocksmtp")) found.push({ name: "mocksmtp", command: ["mocksmtp"] });
  if (onPath("uvx")) found.push({ name: "uvx", command: ["uvx", "mocksmtp"] });
  const docker = ["docker", "podman"].find(onPath);
  if (docker !== undefined) {
    const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
    const image = process.env.MOCKSMTP_IMAGE ?? IMAGE;
    const isolation = ["--network", "host", "--user", user, "--volume", `${folder}:${folder}`];
    found.push({ name: docker, command: [docker, "run", "--rm", "--interactive", ...isolation, image] });
  }
  return found;
}

function onPath(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return statSync(join(folder, name)).isFile();
    } catch {
      return false;
    }
  });
}

async function run(program: Program, folder: string, options: ServerOptions, token?: string): Promise<StartedService> {
  const file = join(folder, "addresses.json");
  const isContainer = program.command[1] === "run";
  const child = spawn(
    program.command[0]!,
    [
      ...program.command.slice(1),
      ...(isContainer ? [] : ["serve"]),
      ...["--smtp", "tcp:0:interface=127.0.0.1", "--http", "tcp:0:interface=127.0.0.1", "--dns", "127.0.0.1:0"],
      ...["--addresses-file", file, "--exit-with-stdin", "--quiet"],
      ...(token === undefined ? [] : ["--token", token]),
      ...(options.options ?? []),
    ],
    // The service ends when the pipe to its standard input closes: at the end of this
    // process, even if it is killed.
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-8192);
  });
  child.stdin.on("error", () => undefined);
  const limit = milliseconds(options.startTimeout ?? "60s");
  const watching = new AbortController();
  const addresses = await Promise.race([
    appearance(file, limit, watching.signal),
    ended.then((how) => {
      throw startFailure(program.name, stderr.trim() || how);
    }),
  ]).catch(async (error: unknown) => {
    watching.abort();
    child.kill("SIGKILL");
    await end(child, ended);
    throw error;
  });
  child.unref();
  (child.stdin as Socket).unref();
  (child.stderr as Socket).unref();
  return { url: addresses.url, pid: isContainer ? undefined : addresses.pid, stop: () => end(child, ended) };
}

function startFailure(name: string, why: string): MockSmtpError {
  const message = `${name} did not start: ${why}`;
  return /address already in use/i.test(why) ? new PortInUseError(message) : new NoServerError(message);
}

/** The file that the service writes when all its listeners are open. */
async function appearance(file: string, limit: number, stopped: AbortSignal): Promise<{ url: string; pid: number }> {
  const deadline = Date.now() + limit;
  while (Date.now() < deadline && !stopped.aborted) {
    try {
      return JSON.parse(readFileSync(file, "utf8")) as { url: string; pid: number };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new TimedOutError(`the service did not start within ${limit / 1000} s`);
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.stdin?.end();
  const killer = setTimeout(() => child.kill("SIGKILL"), 5000);
  child.ref();
  await ended;
  clearTimeout(killer);
}

function isOlder(version: string, than: string): boolean {
  const [found, wanted] = [version, than].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (const [index, number] of wanted!.entries()) {
    const other = found![index] ?? 0;
    if (other !== number) return other < number;
  }
  return false;
}
