// Starts Redis for the tests, on a socket in a new folder and without a file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// Redis ends with the input of the shell: at the end of the tests, even if they are killed.
const UNTIL_END = 'redis-server "$@" & exec >&-; cat > /dev/null; kill $!; wait; rm -rf "$0"';

export default async function setup(project) {
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const path = join(folder, "redis.sock");
  const options = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder];
  const redis = spawn("sh", ["-c", UNTIL_END, folder, ...options], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(redis, "exit");
  let isReady = false;
  for await (const line of createInterface(redis.stdout)) {
    isReady = line.includes("accept connections");
    if (isReady) break;
  }
  redis.stdout.resume();
  const stop = async () => {
    redis.stdin.end();
    await ended;
  };
  if (!isReady) {
    await stop();
    throw new Error("redis-server does not start; is it installed?");
  }
  project.provide("redis", { path });
  return stop;
}
