// A headless Chromium that is signed in at a real Better Auth server calls Doorward with its cookie: from pages of
// the same host, of an allowed origin, and of sites that must not. Environment: CHROMIUM, BETTER_AUTH_URL (the
// address of the app, https://app.localhost:PORT), LISTEN_PORT (Better Auth's own), DOORWARD_URL, TLS_KEY and
// TLS_CERT (files).
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const app = process.env.BETTER_AUTH_URL;
const { port } = new URL(app);
const at = (host) => `https://${host}.localhost:${port}`;
let passed = [];

/** One host for all: Better Auth below /api/auth, Doorward, and pages. */
const tls = { key: readFileSync(process.env.TLS_KEY), cert: readFileSync(process.env.TLS_CERT) };
const proxy = https.createServer(tls, async (request, response) => {
  const { method, url, headers } = request;
  if (!/^\/(api|auth)\//.test(url)) {
    const task = '<input name="title" value="planted"><input type="submit" id="send">';
    const form = (kind) => `<form method="post" enctype="${kind}" action="${app}/api/tasks">${task}</form>`;
    const kind = new URL(url, app).searchParams.get("kind") ?? "text/plain";
    return response.writeHead(200, { "Content-Type": "text/html" }).end(`<title>page</title>${form(kind)}`);
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const to = url.startsWith("/api/auth") ? `http://127.0.0.1:${process.env.LISTEN_PORT}` : process.env.DOORWARD_URL;
  const onwards = http.request(`${to}${url}`, { method, headers }, async (answer) => {
    passed.push({ method, url, headers, status: answer.statusCode });
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  onwards.end(Buffer.concat(chunks));
});
await new Promise((resolve) => proxy.listen(Number(port), "127.0.0.1", resolve));
// A profile that lets other sites' pages send cookies, or the browser would keep them from the attackers.
const profile = mkdtempSync(join(tmpdir(), "doorward-cookies-"));
mkdirSync(join(profile, "Default"));
writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { cookie_controls_mode: 0 } }));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox"],
  ignoreHTTPSErrors: true,
});

/** What Doorward was asked since the last time, without preflights. */
function asked() {
  const all = passed.filter((one) => one.url.startsWith("/api/tasks") && one.method !== "OPTIONS");
  passed = [];
  return all;
}

/** Asks from a page, and says what the page can see of the answer. */
const call = (page, options) =>
  page.evaluate(
    async ([url, options]) => {
      try {
        const response = await fetch(url, { credentials: "include", ...options });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        return { unreadable: String(error) };
      }
    },
    [`${app}/api/tasks`, options],
  );
const json = (title) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ title }),
});

try {
  const open = async (url) => {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  const own = await open(app);
  assert.equal((await call(own)).status, 401, "nobody is signed in yet");
  const signedUp = await own.evaluate(async () => {
    const account = { email: "ada@example.com", password: "correct horse battery staple", name: "ada" };
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/api/auth/sign-up/email", { method: "POST", headers, body: JSON.stringify(account) })).status;
  });
  assert.equal(signedUp, 200);
  const [cookie] = (await context.cookies(app)).filter((one) => one.name === "__Secure-better-auth.session_token");
  assert.ok(cookie.httpOnly, "no script has it");
  assert.equal((await call(own, json("own"))).status, 201);
  assert.equal((await call(own)).status, 200);
  const [, made] = asked();
  assert.equal(made.headers["sec-fetch-site"], "same-origin");
  assert.equal(made.headers.authorization, undefined);
  console.log("a page of the same host reads and changes with the cookie");

  const friend = await open(at("shop"));
  assert.equal((await call(friend, json("of an allowed origin"))).status, 201);
  assert.equal(JSON.parse((await call(friend)).body).length, 2);
  assert.deepEqual(asked().map((one) => one.headers["sec-fetch-site"]), ["cross-site", "cross-site"]);
  console.log("so does a page of ALLOWED_ORIGINS");

  for (const [host, site] of [["evil", "cross-site"], ["blog.app", "same-site"]]) {
    const evil = await open(at(host));
    // What goes without a preflight reaches the server, with the cookie.
    for (const kind of ["text/plain", "application/x-www-form-urlencoded"]) {
      const body = '{"title": "planted"}';
      await call(evil, { method: "POST", mode: "no-cors", headers: { "Content-Type": kind }, body });
    }
    assert.ok((await call(evil, json("planted"))).unreadable, "its preflight is refused");
    assert.ok((await call(evil)).unreadable, "what is read here it cannot see");
    for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const form = await open(`${at(host)}/?kind=${encodeURIComponent(kind)}`);
      await Promise.all([form.waitForURL(`${app}/api/tasks`), form.click("#send")]);
      assert.match(await form.textContent("body"), /"code":"cross_site"/);
      await form.close();
    }
    const sent = asked();
    assert.deepEqual(sent.map((one) => one.status), [403, 403, 200, 403, 403, 403], host);
    for (const one of sent) {
      assert.match(one.headers.cookie ?? "", /__Secure-better-auth\.session_token=/, "the browser did send the cookie");
      assert.equal(one.headers["sec-fetch-site"], site);
      if (one.method === "POST") assert.equal(one.headers.origin, at(host));
    }
    console.log(`pages of ${host} change nothing (${site}), by script or by form`);
  }

  const framing = await open(at("evil"));
  await framing.setContent(`<iframe sandbox="allow-scripts allow-forms" srcdoc="<script>
    fetch('${app}/api/tasks', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' })
      .finally(() => parent.postMessage('done', '*'));</script>"></iframe>
    <script>addEventListener("message", () => (document.title = "done"));</script>`);
  await framing.waitForFunction(() => document.title === "done");
  const [framed] = asked();
  assert.equal(framed.headers.origin, "null");
  assert.equal(framed.status, 403);
  console.log("nor does a sandboxed frame, whose origin is null");

  assert.equal(JSON.parse((await call(own)).body).length, 2);
  const out = await own.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/api/auth/sign-out", { method: "POST", headers, body: "{}" })).status;
  });
  assert.equal(out, 200);
  await context.addCookies([cookie]);
  assert.equal((await call(own)).status, 401);
  console.log("after signing out there, the old cookie is refused");
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
  proxy.close();
  proxy.closeAllConnections();
}
