import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  ApiError,
  connect,
  InvalidUrlError,
  MockServer,
  NoServerError,
  NotMockSmtpError,
  OlderServerError,
  PortInUseError,
  TimedOutError,
  WrongTokenError,
} from "mocksmtp";
import setup from "mocksmtp/global-setup";

const MOCKSMTP = execFileSync("which", ["mocksmtp"]).toString().trim();
const environment = { ...process.env };
let folder: string;
let servers: { close(): unknown }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-test-"));
  for (const name of ["MOCKSMTP_URL", "MOCKSMTP_TOKEN"]) delete process.env[name];
});

afterEach(async () => {
  process.env = { ...environment };
  for (const server of servers) await server.close();
  servers = [];
  rmSync(folder, { recursive: true, force: true });
});

/** A program of this name, alone on the PATH, that notes its arguments. */
function install(name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${folder}/${name}.args\n${script}\n`);
  chmodSync(path, 0o755);
}

async function start(options = {}): Promise<MockServer> {
  const server = await MockServer.start(options);
  servers.push({ close: () => server.stop() });
  return server;
}

async function answering(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the service is located", () => {
  test("by MOCKSMTP_URL, and then it is not ended", async () => {
    const server = await start({ options: ["--hostname", "first.test"] });
    process.env.MOCKSMTP_URL = `${server.url}/`;
    process.env.PATH = folder;
    const found = await MockServer.start();
    expect(found.url).toBe(server.url);
    await found.stop();
    expect((await found.api.GET("/health")).response.ok).toBe(true);
  });

  test("as mocksmtp on the PATH, before uvx", async () => {
    install("uvx", "exit 1");
    install("mocksmtp", `exec ${MOCKSMTP} "$@"`);
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    const server = await start();
    expect(readFileSync(join(folder, "mocksmtp.args"), "utf8")).toMatch(/^serve .*--exit-with-stdin/);
    expect(existsSync(join(folder, "uvx.args"))).toBe(false);
    expect(server.dns!.port).toBeGreaterThan(0);
  });

  test("as uvx mocksmtp, before a container", async () => {
    install("uvx", `shift; exec ${MOCKSMTP} "$@"`);
    install("docker", "exit 1");
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    await start();
    expect(readFileSync(join(folder, "uvx.args"), "utf8")).toMatch(/^mocksmtp serve /);
  });

  test("in a container, if uvx fails", async () => {
    install("uvx", "echo no network >&2; exit 1");
    install("docker", `while [ "$1" != the-image:1 ]; do shift; done; shift; exec ${MOCKSMTP} serve "$@"`);
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    process.env.MOCKSMTP_IMAGE = "the-image:1";
    await start();
    expect(readFileSync(join(folder, "docker.args"), "utf8")).toMatch(/^run --rm --interactive --network host /);
  });

  test("once for all workers, by globalSetup", async () => {
    const stop = await setup();
    const server = await MockServer.start();
    expect(server.url).toBe(process.env.MOCKSMTP_URL);
    await stop();
    await expect(server.open()).rejects.toThrow(NoServerError);
  });

  test("or the error names what to do and what was tried", async () => {
    install("uvx", "echo no network >&2; exit 1");
    process.env.PATH = folder;
    const error = await MockServer.start().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(NoServerError);
    expect((error as Error).message).toMatch(/set MOCKSMTP_URL .* Tried: uvx did not start: .*/);
  });
});

describe("each failure has its error", () => {
  test("no server", async () => {
    process.env.MOCKSMTP_URL = "http://127.0.0.1:9";
    await expect(MockServer.start()).rejects.toThrow(NoServerError);
    await expect(MockServer.start()).rejects.toThrow(/GET http:\/\/127.0.0.1:9\/status: .* Is the service running/);
  });

  test("a URL that is none", async () => {
    for (const [url, reason] of [
      ["ftp://127.0.0.1:8000", "the scheme ftp: is not http: or https:"],
      ["http://127.0.0.1:port", "it cannot be parsed"],
      ["http://", "it cannot be parsed"],
    ] as const) {
      process.env.MOCKSMTP_URL = url;
      const error = await MockServer.start().catch((one: unknown) => one);
      expect(error).toBeInstanceOf(InvalidUrlError);
      expect((error as Error).message).toContain(`not the URL of a service: "${url}" (${reason}). MOCKSMTP_URL must be`);
      expect(() => connect(url)).toThrow(InvalidUrlError);
    }
  });

  test("but a URL may have no scheme", async () => {
    const { url } = await start();
    const server = await MockServer.start({ url: url.replace("http://", "") });
    expect(server.url).toBe(url);
    const mock = await server.open();
    expect(await mock.mails()).toEqual([]);
    await mock.close();
  });

  test("a wrong token", async () => {
    const server = await start({ token: "secret" });
    await expect(MockServer.start({ url: server.url })).rejects.toThrow(WrongTokenError);
    await expect(MockServer.start({ url: server.url, token: "other" })).rejects.toThrow(/Set MOCKSMTP_TOKEN/);
    process.env.MOCKSMTP_TOKEN = "secret";
    const mock = await (await MockServer.start({ url: server.url })).open();
    expect(await mock.mails()).toEqual([]);
    await mock.close();
  });

  test("an older server", async () => {
    const json = { "Content-Type": "application/json" };
    const old = await answering((request, response) => {
      if (request.url === "/status") {
        response.writeHead(200, json).end('{"version": "0.0.9", "addresses": {}}');
      } else {
        const problem = { type: "about:blank", title: "Not Found", status: 404, detail: "no such route '/deliveries'" };
        response.writeHead(404, { "Content-Type": "application/problem+json" }).end(JSON.stringify(problem));
      }
    });
    await expect(MockServer.start({ url: old })).rejects.toThrow(OlderServerError);
    await expect(connect(old).GET("/deliveries")).rejects.toThrow(OlderServerError);
  });

  test("a time-out", async () => {
    // Without an answer; the test does not wait for the limit.
    const silent = await answering(() => undefined);
    const timeout = AbortSignal.timeout;
    AbortSignal.timeout = () => timeout.call(AbortSignal, 50);
    try {
      await expect(MockServer.start({ url: silent })).rejects.toThrow(TimedOutError);
    } finally {
      AbortSignal.timeout = timeout;
    }
    install("mocksmtp", "exec sleep 60");
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    await expect(MockServer.start({ startTimeout: "100ms" })).rejects.toThrow(/did not start within 0.1 s/);
  });

  test("a port in use", async () => {
    const taken = createTcpServer().listen(0, "127.0.0.1");
    servers.push(taken);
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const options = ["--smtp", `other=tcp:${port}:interface=127.0.0.1`];
    await expect(MockServer.start({ options })).rejects.toThrow(PortInUseError);
    const server = await start();
    const listeners = [{ address: "127.0.0.1", port }];
    await expect(server.open({ document: { listeners } })).rejects.toThrow(PortInUseError);
  });

  test("an answer that is not from mocksmtp", async () => {
    const answers: [number, string, string][] = [
      [200, "text/html", "<html>Welcome</html>"],
      [200, "application/json", '{"status": "ok"}'],
      [200, "application/json", "ok"],
      [502, "text/html", "<html>Bad gateway</html>"],
      [404, "application/json", '{"error": "not found"}'],
    ];
    for (const [status, type, body] of answers) {
      const url = await answering((_, response) => response.writeHead(status, { "Content-Type": type }).end(body));
      await expect(MockServer.start({ url })).rejects.toThrow(NotMockSmtpError);
    }
  });

  test("a redirect", async () => {
    const url = await answering((_, response) => response.writeHead(302, { Location: "/login" }).end());
    await expect(MockServer.start({ url })).rejects.toThrow(NotMockSmtpError);
    await expect(MockServer.start({ url })).rejects.toThrow(/302, a redirect to \/login. Check MOCKSMTP_URL/);
  });

  test("an answer of another protocol", async () => {
    const smtp = createTcpServer((client) => void client.on("error", () => undefined).resume().write("220 mx.test ESMTP\r\n"));
    servers.push(smtp.listen(0, "127.0.0.1"));
    await once(smtp, "listening");
    const url = `http://127.0.0.1:${(smtp.address() as AddressInfo).port}`;
    await expect(MockServer.start({ url })).rejects.toThrow(NotMockSmtpError);
    await expect(MockServer.start({ url })).rejects.toThrow(/the answer is no HTTP \(.*\). Check MOCKSMTP_URL/);
  });

  test("a refused document", async () => {
    const mock = await (await start()).open();
    const error = await mock.addBehaviors({ command: "RCPT" as "RCPT TO" }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(400);
    expect((error as ApiError).problem.errors![0]!.path).toBe("$[0].command");
    expect((error as ApiError).name).toBe("ApiError");
  });
});

describe("nothing is left behind", () => {
  const SCRIPT = `
    import { MockServer } from "mocksmtp";
    const server = await MockServer.start();
    console.log(server.pid);
    if (process.argv[2] === "wait") setInterval(() => undefined, 1000);
  `;

  function run(argument: string): ChildProcess {
    const file = join(import.meta.dirname, `left-${argument}.tmp.mjs`);
    writeFileSync(file, SCRIPT);
    servers.push({ close: () => rmSync(file) });
    return spawn(process.execPath, [file, argument], { stdio: ["ignore", "pipe", "inherit"] });
  }

  async function gone(pid: number): Promise<void> {
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  }

  test("by a program that is killed", async () => {
    const program = run("wait");
    const [line] = (await once(program.stdout!, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(isRunning(pid)).toBe(true);
    program.kill("SIGKILL");
    await gone(pid);
  });

  test("by a program that ends without stopping the service", async () => {
    const program = run("end");
    const [line] = (await once(program.stdout!, "data")) as [Buffer];
    await once(program, "exit");
    await gone(Number(line.toString()));
  });

  test("by stop()", async () => {
    const server = await MockServer.start();
    await server.stop();
    expect(isRunning(server.pid!)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
