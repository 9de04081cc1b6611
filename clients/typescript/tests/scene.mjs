// A real server, and a proxy before it that notes what passes and loses answers when asked to.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const PASSWORD = "violet kettle drum 41";

/** Starts both; `settings` are environment variables of the server. */
export async function scene(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), "doorward-client-"));
  const port = await freePort();
  const groups = ["LOGIN", "REGISTER", "REFRESH", "AUTH", "API"];
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    DATABASE_URL: `sqlite:${join(folder, "test.db")}`,
    BETTER_AUTH_SECRET: randomBytes(32).toString("hex"),
    PORT: String(port),
    RUST_LOG: "warn",
    ...Object.fromEntries(groups.map((group) => [`RATE_LIMIT_${group}`, "off"])),
    ...settings,
  };
  const program = process.env.DOORWARD_BIN;
  const made = spawnSync(program, ["db", "migrate"], { env, cwd: folder });
  if (made.status !== 0) throw new Error(String(made.stderr));
  const server = spawn(program, ["serve"], { env, cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const proxy = new Relay(port);
  await proxy.listen();
  for (let tries = 0; ; tries++) {
    if (await fetch(`http://127.0.0.1:${port}/livez`).then((it) => it.ok, () => false)) break;
    if (tries > 100 || server.exitCode !== null) throw new Error("the server does not start");
    await pause(100);
  }
  const stop = async () => {
    proxy.close();
    server.kill();
    await new Promise((resolve) => server.once("exit", resolve));
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: proxy.url, proxy, stop };
}

export function freePort() {
  return new Promise((resolve) => {
    const probe = http.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Passes requests on, to a port of this machine. */
export class Relay {
  /** Everything that passed: method, url, body. */
  passed = [];
  #to;
  #faults = [];
  #server = http.createServer((request, response) => this.#pass(request, response));

  constructor(to) {
    this.#to = to;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The bodies sent to this path. */
  sent(path) {
    const here = this.passed.filter((one) => one.method !== "OPTIONS" && one.url.split("?")[0] === path);
    return here.map((one) => one.body);
  }

  forget() {
    this.passed = [];
  }

  /** Lets the next requests of this path reach the server, and cuts the connection instead of answering. */
  loseAnswers(path, times = 1) {
    for (let one = 0; one < times; one++) this.#faults.push({ path, keep: () => Promise.resolve(false) });
  }

  /** Keeps back the next answer of this path until `release` is called; `reached` once the server gave it. */
  holdAnswer(path) {
    let release, arrived;
    const held = new Promise((resolve) => (release = () => resolve(true)));
    const reached = new Promise((resolve) => (arrived = resolve));
    this.#faults.push({ path, keep: () => (arrived(), held) });
    return { release, reached };
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method, url, headers } = request;
    this.passed.push({ method, url, body: body.toString() });
    const onwards = http.request({ host: "127.0.0.1", port: this.#to, method, path: url, headers }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      const at = this.#faults.findIndex((fault) => method !== "OPTIONS" && url.split("?")[0] === fault.path);
      const [fault] = at < 0 ? [] : this.#faults.splice(at, 1);
      if (fault && !(await fault.keep())) return response.destroy();
      response.writeHead(answer.statusCode, answer.rawHeaders);
      response.end(Buffer.concat(parts));
    });
    onwards.on("error", () => response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>"));
    onwards.end(body);
  }
}
