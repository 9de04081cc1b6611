// Passkeys in a headless Chromium with virtual authenticators, against a real server. The page runs the lines of
// docs/passkeys.md. Environment: CHROMIUM, DOORWARD_BIN, DATABASE_URL, DOCUMENT.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const PASSWORD = "violet kettle drum 41";
const NOT_ACCEPTED = "This passkey was not accepted: try again, or sign in another way.";
let api, own, other, folder, server, browser;
const pages = [];

/** The page of an app, on a port of its own. */
function servePage() {
  const lines = readFileSync(process.env.DOCUMENT, "utf8").match(/```js\n([\s\S]*?)```/)[1];
  const script = lines.replace("https://auth.example.com", api);
  assert.notEqual(script, lines);
  const html = `<!doctype html><title>app</title><script>${script}</script>`;
  return new Promise((resolve) => {
    const page = http.createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(html));
    page.listen(0, "127.0.0.1", () => resolve(page.address().port));
    pages.push(page);
  });
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "doorward-passkeys-"));
  const probe = http.createServer();
  const port = await new Promise((resolve) => probe.listen(0, "127.0.0.1", () => resolve(probe.address().port)));
  await new Promise((resolve) => probe.close(resolve));
  api = `http://localhost:${port}`;
  [own, other] = [await servePage(), await servePage()];
  const groups = ["LOGIN", "REGISTER", "REFRESH", "AUTH", "API"].map((group) => [`RATE_LIMIT_${group}`, "off"]);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    DATABASE_URL: process.env.DATABASE_URL || `sqlite:${join(folder, "test.db")}`,
    BETTER_AUTH_SECRET: randomBytes(32).toString("hex"),
    PORT: String(port),
    RUST_LOG: "warn",
    RP_ID: "localhost",
    RP_ORIGINS: `http://localhost:${own}`,
    ALLOWED_ORIGINS: `http://localhost:${own},http://localhost:${other},http://evil.localhost:${own}`,
    ...Object.fromEntries(groups),
  };
  const program = process.env.DOORWARD_BIN;
  const made = spawnSync(program, ["db", "migrate"], { env, cwd: folder });
  assert.equal(made.status, 0, String(made.stderr));
  server = spawn(program, ["serve"], { env, cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  for (let tries = 0; ; tries++) {
    if (await fetch(`http://127.0.0.1:${port}/livez`).then((it) => it.ok, () => false)) break;
    assert.ok(tries < 100 && server.exitCode === null, "the server does not start");
    await pause(100);
  }
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  for (const page of pages) page.close(), page.closeAllConnections();
  if (server?.kill()) await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** A tab with an authenticator, at this page. */
async function tab({ host = "localhost", port = own, transport = "internal" } = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const one = { page, devtools, plug: null };
  one.plug = async (transport) => {
    const options = {
      protocol: "ctap2", transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    one.id = (await devtools.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  };
  one.credentials = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId: one.id })).credentials;
  one.replace = async (credential) => {
    const known = { authenticatorId: one.id, credentialId: credential.credentialId };
    await devtools.send("WebAuthn.removeCredential", known).catch(() => {});
    await devtools.send("WebAuthn.addCredential", { authenticatorId: one.id, credential });
  };
  /** What the page's function comes to: its value, or the name and the text of its failure. */
  one.call = (name, ...args) =>
    page.evaluate(async ([name, args]) => {
      const functions = { addPasskey, signIn, send };
      try {
        return { value: await functions[name](...args) };
      } catch (error) {
        return { name: error.name, message: error.message, code: error.code, mfa_token: error.mfa_token };
      }
    }, [name, args]);
  one.go = (host, port) => page.goto(`http://${host}:${port}/`);
  await one.plug(transport);
  await one.go(host, port);
  return one;
}

let people = 0;
/** Somebody new, as the API sees them. */
async function signUp() {
  const account = { email: `person${people++}@example.com`, password: PASSWORD };
  const post = (path, body) =>
    fetch(api + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  assert.equal((await post("/auth/register", account)).status, 201);
  const { access_token, user } = await (await post("/auth/login", account)).json();
  const call = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" };
    const reply = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: reply.status, body: reply.status === 204 ? null : await reply.json() };
  };
  return { account, token: access_token, id: user.id, call };
}

/** The value of a call that must do. */
function done(result) {
  assert.ok("value" in result, JSON.stringify(result));
  return result.value;
}

/** A call that the server refused as it refuses every wrong passkey. */
function refused(result) {
  assert.deepEqual([result.code, result.message], ["invalid_credentials", NOT_ACCEPTED]);
}

test("a passkey is added, signs in without anything typed, is renamed and removed", async () => {
  const [ada, it] = [await signUp(), await tab()];
  const made = done(await it.call("addPasskey", ada.token, "Laptop"));
  assert.equal(made.name, "Laptop");
  for (let turn = 0; turn < 2; turn++) assert.equal(done(await it.call("signIn")).user.id, ada.id);
  const listed = (await ada.call("GET", "/auth/passkeys")).body;
  assert.ok(listed[0].last_used_at);
  const path = `/auth/passkeys/${made.id}`;
  assert.equal((await ada.call("PATCH", path, { name: "Old laptop" })).body.name, "Old laptop");
  // The same authenticator makes no second one.
  assert.equal((await it.call("addPasskey", ada.token)).name, "InvalidStateError");
  assert.equal((await ada.call("DELETE", path)).status, 204);
  refused(await it.call("signIn"));
});

test("a second passkey signs in after the first was removed", async () => {
  const [ada, laptop, key] = [await signUp(), await tab(), await tab({ transport: "usb" })];
  const first = done(await laptop.call("addPasskey", ada.token));
  done(await key.call("addPasskey", ada.token, "Key"));
  assert.match(first.name, /Chrome/);
  assert.equal((await ada.call("DELETE", `/auth/passkeys/${first.id}`)).status, 204);
  refused(await laptop.call("signIn"));
  assert.equal(done(await key.call("signIn")).user.id, ada.id);
  assert.deepEqual((await ada.call("GET", "/auth/passkeys")).body.map((one) => one.name), ["Key"]);
});

test("it finishes a sign-in that began with a password", async () => {
  const [ada, it] = [await signUp(), await tab()];
  done(await it.call("addPasskey", ada.token));
  const owed = await it.call("send", "/auth/login", ada.account);
  assert.equal(owed.code, "mfa_required");
  const { access_token } = done(await it.call("signIn", owed.mfa_token));
  const claims = JSON.parse(Buffer.from(access_token.split(".")[1], "base64url"));
  assert.deepEqual([claims.sub, claims.acr], [ada.id, "aal2"]);
});

test("a page at another origin adds nothing and signs nobody in", async () => {
  const [ada, it] = [await signUp(), await tab()];
  done(await it.call("addPasskey", ada.token));
  const [adas] = await it.credentials();
  await it.go("localhost", other);
  refused(await it.call("signIn"));
  const eve = await signUp();
  const added = await it.call("addPasskey", eve.token);
  assert.equal(added.code, "validation");
  assert.match(added.message, /comes from an origin that is not in RP_ORIGINS/);
  // Here the browser refuses before the server is asked.
  await it.go("evil.localhost", own);
  assert.equal((await it.call("signIn")).name, "SecurityError");
  await it.go("localhost", own);
  // The authenticator keeps what the server refused to add, and might choose that.
  for (const { credentialId } of await it.credentials()) {
    if (credentialId === adas.credentialId) continue;
    await it.devtools.send("WebAuthn.removeCredential", { authenticatorId: it.id, credentialId });
  }
  assert.equal(done(await it.call("signIn")).user.id, ada.id);
});

test("a copy with an old counter is refused", async () => {
  const [ada, it] = [await signUp(), await tab()];
  done(await it.call("addPasskey", ada.token));
  const [copy] = await it.credentials();
  assert.ok(copy.signCount > 0);
  done(await it.call("signIn"));
  const [last] = await it.credentials();
  assert.ok(last.signCount > copy.signCount);
  await it.replace({ ...copy, signCount: copy.signCount - 1 });
  refused(await it.call("signIn"));
  await it.replace(last);
  assert.equal(done(await it.call("signIn")).user.id, ada.id);
});

test("a passkey in another user's name opens neither account", async () => {
  const [ada, eve, adas, eves] = [await signUp(), await signUp(), await tab(), await tab()];
  done(await adas.call("addPasskey", ada.token));
  done(await eves.call("addPasskey", eve.token));
  const [[hers], [own]] = [await adas.credentials(), await eves.credentials()];
  await eves.replace({ ...own, userHandle: hers.userHandle });
  refused(await eves.call("signIn"));
  await eves.replace(own);
  assert.equal(done(await eves.call("signIn")).user.id, eve.id);
});

test("without a verified user the browser makes nothing", async () => {
  const [ada, it] = [await signUp(), await tab()];
  done(await it.call("addPasskey", ada.token));
  await it.devtools.send("WebAuthn.setUserVerified", { authenticatorId: it.id, isUserVerified: false });
  assert.equal((await it.call("signIn")).name, "NotAllowedError");
});
