// Starts Redis for the tests, on a socket in a new folder and without a file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export default async function setup(project) {
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const path = join(folder, "redis.sock");
  const redis = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]);
  for await (const line of createInterface(redis.stdout)) {
    if (line.includes("accept connections")) break;
  }
  redis.stdout.resume();
  project.provide("redis", { path });
  return async () => {
    redis.kill();
    await once(redis, "exit");
    await rm(folder, { recursive: true });
  };
}
