// The client in the tabs of a headless Chromium, against a real server. CHROMIUM names the program.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { PASSWORD, scene } from "./scene.mjs";

const REFRESH = "/auth/refresh";
const KEY = "session";
let stage, page, browser;

/** The page of an app: the client, and what tests call it by. */
function pageServer() {
  const html = `<!doctype html><title>app</title><script type="module">
    import { createClient } from "/dist/index.js";
    window.signedOut = [];
    window.client = createClient({
      baseUrl: ${JSON.stringify(stage.url)}, storage: "localStorage", storageKey: ${JSON.stringify(KEY)},
      onSignedOut: (by) => window.signedOut.push(by),
    });
  </script>`;
  const server = http.createServer(async (request, response) => {
    if (!/^\/dist\/\w+\.js$/.test(request.url)) return response.writeHead(200, { "Content-Type": "text/html" }).end(html);
    const script = await readFile(new URL(`..${request.url}`, import.meta.resolve("doorward-client")));
    response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
  });
  return new Promise((resolve) => server.listen(page, "127.0.0.1", () => resolve(server)));
}

before(async () => {
  const probe = http.createServer();
  page = await new Promise((resolve) => probe.listen(0, "127.0.0.1", () => resolve(probe.address().port)));
  await new Promise((resolve) => probe.close(resolve));
  stage = await scene({ ALLOWED_ORIGINS: `http://127.0.0.1:${page}` });
  stage.app = await pageServer();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  stage.app.close();
  stage.app.closeAllConnections();
  await stage.stop();
});

let people = 0;
/** Two tabs of somebody who is signed in. */
async function tabs({ locks = true } = {}) {
  const context = await browser.newContext();
  if (!locks) await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  const open = async () => {
    const tab = await context.newPage();
    await tab.goto(`http://127.0.0.1:${page}/`);
    await tab.waitForFunction(() => window.client);
    assert.equal(await tab.evaluate(() => navigator.locks !== undefined), locks);
    return tab;
  };
  const first = await open();
  const account = { email: `tab${people++}@example.com`, password: PASSWORD };
  await first.evaluate(async (account) => {
    await client.register(account);
    await client.login(account);
  }, account);
  const second = await open();
  stage.proxy.forget();
  return { context, first, second, email: account.email };
}

/** Lets the kept access token look as if it were about to end. */
const age = (tab) =>
  tab.evaluate((key) => {
    const kept = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...kept, refresh_at: 0, expires_at: 0 }));
  }, KEY);

/** Who ten calls at once say is signed in. */
const callMuch = (tab) =>
  tab.evaluate(async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => client.me()));
    return [...new Set(people.map((user) => user.email))];
  });

for (const locks of [true, false]) {
  const how = locks ? "by Web Locks" : "by a lease in the storage";

  test(`two tabs with an old token refresh once, ${how}`, async () => {
    const { context, first, second, email } = await tabs({ locks });
    for (let turn = 0; turn < 3; turn++) {
      await age(first);
      stage.proxy.forget();
      const said = await Promise.all([first, second].map(callMuch));
      assert.deepEqual(said, [[email], [email]]);
      assert.equal(stage.proxy.sent(REFRESH).length, 1);
    }
    await context.close();
  });

  test(`a killed connection signs neither tab out, ${how}`, async () => {
    const { context, first, second, email } = await tabs({ locks });
    await age(first);
    stage.proxy.loseAnswers(REFRESH, 2);
    assert.deepEqual(await Promise.all([first, second].map(callMuch)), [[email], [email]]);
    const sent = stage.proxy.sent(REFRESH);
    assert.equal(sent.length, 3);
    assert.equal(new Set(sent).size, 1);
    // What was lost is no theft: the session goes on.
    await age(second);
    assert.deepEqual(await Promise.all([first, second].map(callMuch)), [[email], [email]]);
    assert.deepEqual(await second.evaluate(() => signedOut), []);
    await context.close();
  });

  test(`a tab closed in the middle of a refresh leaves the other signed in, ${how}`, async () => {
    const { context, first, second, email } = await tabs({ locks });
    await age(first);
    const held = stage.proxy.holdAnswer(REFRESH);
    const lost = callMuch(first).catch(() => "closed");
    await held.reached;
    const others = callMuch(second);
    await first.close();
    assert.equal(await lost, "closed");
    assert.deepEqual(await others, [email]);
    held.release();
    await context.close();
  });
}

test("signing out in one tab is told to the other, whose calls then fail", async () => {
  const { context, first, second } = await tabs();
  await first.evaluate(() => client.logout());
  await second.waitForFunction(() => signedOut.length > 0);
  assert.deepEqual(await second.evaluate(() => signedOut), ["other_tab"]);
  assert.deepEqual(await first.evaluate(() => signedOut), ["this_client"]);
  const code = await second.evaluate(() => client.me().catch((error) => error.code));
  assert.equal(code, "not_authenticated");
  await context.close();
});

test("a reload and a new tab are signed in still", async () => {
  const { context, first, email } = await tabs();
  await first.reload();
  await first.waitForFunction(() => window.client);
  assert.deepEqual(await callMuch(first), [email]);
  assert.equal(stage.proxy.sent(REFRESH).length, 0);
  await context.close();
});

test("what the server says of waits, pages and versions reaches a page of another origin", async () => {
  const { context, first } = await tabs();
  const found = await first.evaluate(async () => {
    for (const title of ["one", "two", "three"]) await client.tasks.create({ title });
    const pages = [];
    for await (const tasks of client.tasks.pages({ limit: 2 })) pages.push(tasks.length);
    const { etag } = await client.tasks.create({ title: "four" });
    return { pages, etag };
  });
  assert.deepEqual(found.pages, [2, 1]);
  assert.match(found.etag, /^"/);
  await context.close();
});

test("Authorize on the docs page signs in by the form, and Execute then calls as that person", async () => {
  const { context, first, email } = await tabs();
  await first.goto(`${stage.url}/docs`);
  await first.locator("button.authorize").first().click();
  const form = first.locator(".auth-container").filter({ has: first.locator("#oauth_username") });
  await form.locator("#oauth_username").fill(email);
  await form.locator("#oauth_password").fill(PASSWORD);
  await form.locator("button.authorize").click();
  await first.locator(".dialog-ux button", { hasText: "Logout" }).waitFor();
  const [sent] = stage.proxy.sent("/auth/login");
  assert.equal(new URLSearchParams(sent).get("grant_type"), "password");
  await first.locator("button.btn-done").first().click();
  const operation = first.locator(".opblock").filter({ has: first.locator('[data-path="/auth/me"]') }).first();
  await operation.locator(".opblock-summary").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  await operation.locator(".live-responses-table", { hasText: email }).waitFor();
  await context.close();
});
