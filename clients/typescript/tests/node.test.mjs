// The client in Node, against a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createClient, DoorwardError } from "doorward-client";
import { freePort, PASSWORD, Relay, scene } from "./scene.mjs";

const REFRESH = "/auth/refresh";
let stage;
before(async () => (stage = await scene()));
after(() => stage.stop());

/** A storage that a test can look into, as slow as one over a network. */
function cupboard() {
  const texts = new Map();
  return {
    texts,
    getItem: async (key) => (await pause(1), texts.get(key) ?? null),
    setItem: async (key, value) => (await pause(1), void texts.set(key, value)),
    removeItem: async (key) => (await pause(1), void texts.delete(key)),
    /** Lets the kept access token look as if it were about to end. */
    age() {
      const [key, kept] = [...texts].find(([key]) => !key.endsWith(".lock"));
      texts.set(key, JSON.stringify({ ...JSON.parse(kept), refresh_at: 0, expires_at: 0 }));
    },
  };
}

let people = 0;
/** Somebody new, signed in. */
async function signedIn(options = {}, at = stage) {
  const storage = cupboard();
  const signedOut = [];
  const client = createClient({ baseUrl: at.url, storage, onSignedOut: (by) => signedOut.push(by), ...options });
  const email = `person${people++}@example.com`;
  await client.register({ email, password: PASSWORD });
  await client.login({ email, password: PASSWORD });
  at.proxy.forget();
  return { client, storage, signedOut, email };
}

async function failure(promise) {
  return await promise.then(() => assert.fail("it did not fail"), (error) => error);
}

test("register, sign in, change, sign out", async () => {
  const { client, signedOut, email } = await signedIn();
  const me = await client.me();
  assert.equal(me.email, email);
  assert.equal((await client.updateMe({ name: "Ada" })).name, "Ada");
  const wrong = await failure(client.changePassword({ current_password: "wrong", new_password: "eleven quiet lanterns 7" }));
  assert.deepEqual([wrong.status, wrong.code], [403, "wrong_password"]);
  await client.changePassword({ current_password: PASSWORD, new_password: "eleven quiet lanterns 7" });
  assert.equal(await client.isSignedIn(), true);
  await client.logout();
  assert.deepEqual(signedOut, ["this_client"]);
  assert.equal(await client.isSignedIn(), false);
  assert.equal(await client.getAccessToken(), null);
  const error = await failure(client.me());
  assert(error instanceof DoorwardError);
  assert.deepEqual([error.status, error.code], [401, "not_authenticated"]);
});

test("signing out ends the session at the server, even with an access token that has run out", async () => {
  const { client, storage } = await signedIn();
  const token = await client.getAccessToken();
  storage.age();
  await client.logout();
  const answer = await fetch(`${stage.url}/auth/me`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 401);
});

test("the other sessions, and all of them", async () => {
  const { client, signedOut, email } = await signedIn();
  const other = createClient({ baseUrl: stage.url });
  await other.login({ email, password: PASSWORD });
  const sessions = await client.sessions.list();
  assert.equal(sessions.length, 2);
  await client.sessions.end(sessions.find((session) => !session.current).id);
  assert.equal((await failure(other.me())).status, 401);
  await other.login({ email, password: PASSWORD });
  await client.logout({ scope: "others" });
  assert.equal((await failure(other.me())).status, 401);
  await other.login({ email, password: PASSWORD });
  await client.sessions.endOthers();
  assert.equal((await failure(other.me())).status, 401);
  assert.deepEqual(signedOut, []);
  await client.logout({ scope: "all" });
  assert.deepEqual(signedOut, ["this_client"]);
});

test("a deleted account is signed out", async () => {
  const { client, signedOut, email } = await signedIn();
  assert.equal((await failure(client.deleteMe("wrong"))).code, "wrong_password");
  await client.deleteMe(PASSWORD);
  assert.deepEqual(signedOut, ["this_client"]);
  assert.equal((await failure(client.login({ email, password: PASSWORD }))).code, "invalid_credentials");
});

test("a wrong password refreshes nothing and signs nobody out", async () => {
  const { client, signedOut, email } = await signedIn();
  const error = await failure(client.login({ email, password: "wrong" }));
  assert.deepEqual([error.status, error.code], [401, "invalid_credentials"]);
  assert.equal(stage.proxy.sent(REFRESH).length, 0);
  assert.deepEqual(signedOut, []);
  assert.equal((await client.me()).email, email);
});

test("ten calls at once with an old token refresh once", async () => {
  const { client, storage } = await signedIn();
  storage.age();
  await Promise.all(Array.from({ length: 10 }, () => client.me()));
  assert.equal(stage.proxy.sent(REFRESH).length, 1);
});

test("two clients of one storage refresh once", async () => {
  const { client, storage, email } = await signedIn();
  const second = createClient({ baseUrl: stage.url, storage });
  storage.age();
  const calls = [client, second].flatMap((one) => Array.from({ length: 5 }, () => one.me()));
  for (const me of await Promise.all(calls)) assert.equal(me.email, email);
  assert.equal(stage.proxy.sent(REFRESH).length, 1);
});

test("without Web Locks, too", async () => {
  const known = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: undefined, configurable: true });
  try {
    const { client, storage } = await signedIn();
    const second = createClient({ baseUrl: stage.url, storage });
    for (let turn = 0; turn < 3; turn++) {
      storage.age();
      stage.proxy.forget();
      await Promise.all([client, second].flatMap((one) => [one.me(), one.me()]));
      assert.equal(stage.proxy.sent(REFRESH).length, 1);
    }
  } finally {
    if (known) Object.defineProperty(globalThis, "navigator", known);
  }
});

test("a refresh whose answer is lost is sent again with the same token, and nobody notices", async () => {
  const { client, storage, signedOut } = await signedIn();
  for (let turn = 0; turn < 2; turn++) {
    storage.age();
    stage.proxy.forget();
    stage.proxy.loseAnswers(REFRESH, 2);
    await Promise.all([client.me(), client.me()]);
    const sent = stage.proxy.sent(REFRESH);
    assert.equal(sent.length, 3);
    assert.equal(new Set(sent).size, 1);
  }
  assert.deepEqual(signedOut, []);
});

test("a server out of reach signs nobody out", async () => {
  const { client, storage, signedOut } = await signedIn();
  storage.age();
  stage.proxy.loseAnswers(REFRESH, 3);
  const error = await failure(client.me());
  assert.deepEqual([error.status, error.code], [0, "network"]);
  assert.equal(await client.isSignedIn(), true);
  await client.me();
  assert.deepEqual(signedOut, []);
});

test("a sign-out while a refresh is on its way wins", async () => {
  const { client, storage, signedOut } = await signedIn();
  storage.age();
  const held = stage.proxy.holdAnswer(REFRESH);
  const call = failure(client.me());
  await held.reached;
  await client.logout();
  held.release();
  assert.equal((await call).code, "not_authenticated");
  assert.equal(await client.isSignedIn(), false);
  assert.equal(storage.texts.size, 0);
  assert.deepEqual(signedOut, ["this_client"]);
});

test("a session that ended elsewhere is noticed once", async () => {
  const { client, storage, signedOut, email } = await signedIn();
  const other = createClient({ baseUrl: stage.url });
  await other.login({ email, password: PASSWORD });
  await other.logout({ scope: "others" });
  const errors = await Promise.all([failure(client.me()), failure(client.tasks.list()), failure(client.me())]);
  for (const error of errors) assert.equal(error.status, 401);
  assert.deepEqual(signedOut, ["server"]);
  assert.equal(storage.texts.size, 0);
});

test("a token that the server refuses before its time is refreshed, and the call done", async () => {
  const short = await scene({ ACCESS_TOKEN_TTL: "1s" });
  try {
    const { client, storage } = await signedIn({}, short);
    await pause(1100);
    const [key, kept] = [...storage.texts][0];
    const late = Date.now() + 60_000;
    storage.texts.set(key, JSON.stringify({ ...JSON.parse(kept), refresh_at: late, expires_at: late }));
    await Promise.all(Array.from({ length: 5 }, () => client.tasks.create({ title: "Buy milk" })));
    assert.equal(short.proxy.sent(REFRESH).length, 1);
    assert.equal((await client.tasks.list()).tasks.length, 5);
    // In memory, where no lock is needed.
    const alone = await signedIn({ storage: "memory" }, short);
    await pause(1100);
    await Promise.all(Array.from({ length: 5 }, () => alone.client.me()));
    assert.equal(short.proxy.sent(REFRESH).length, 1);
  } finally {
    await short.stop();
  }
});

test("tasks, page after page", async () => {
  const { client } = await signedIn();
  for (const number of [1, 2, 3, 4, 5]) await client.tasks.create({ title: `Task ${number}`, priority: "low" });
  const pages = [];
  for await (const page of client.tasks.pages({ limit: 2, sort: "-title" })) pages.push(page.map((task) => task.title));
  assert.deepEqual(pages, [["Task 5", "Task 4"], ["Task 3", "Task 2"], ["Task 1"]]);
  const titles = [];
  for await (const task of client.tasks.each({ limit: 2, q: "task" })) titles.push(task.title);
  assert.equal(titles.length, 5);
  const first = await client.tasks.list({ limit: 4 });
  assert.equal((await client.tasks.list({ limit: 4, cursor: first.cursor })).tasks.length, 1);
  assert.equal((await client.tasks.list({ priority: "high" })).tasks.length, 0);
});

test("a task changes only if it is the one that was read", async () => {
  const { client } = await signedIn();
  const task = await client.tasks.create({ title: "Buy milk" });
  const changed = await client.tasks.update(task.id, { priority: "high" }, { ifMatch: task.etag });
  assert.equal(changed.priority, "high");
  assert.notEqual(changed.etag, task.etag);
  const error = await failure(client.tasks.update(task.id, { title: "Buy tea" }, { ifMatch: task.etag }));
  assert.deepEqual([error.status, error.code], [412, "precondition_failed"]);
  assert.equal((await client.tasks.complete(task.id)).completed, true);
  assert.equal((await client.tasks.complete(task.id, false)).completed, false);
  assert.deepEqual(await client.tasks.get(task.id), await client.tasks.update(task.id, {}));
  assert.equal((await failure(client.tasks.delete(task.id, { ifMatch: task.etag }))).status, 412);
  await client.tasks.delete(task.id);
  assert.equal((await failure(client.tasks.get(task.id))).code, "not_found");
});

test("a refusal names the fields", async () => {
  const { client } = await signedIn();
  const error = await failure(client.tasks.create({ title: " ", priority: "huge" }));
  assert.deepEqual([error.status, error.code, error.errors.length], [422, "validation", 2]);
  assert.match(error.field("priority"), /must be one of/);
  assert.equal(error.field("description"), undefined);
  assert.match(error.requestId, /^[\w.-]+$/);
});

test("a wait that the server asks for is kept if it is short, and is an error if it is long", async () => {
  const busy = await scene({ RATE_LIMIT_API: "1/1s" });
  try {
    const { client } = await signedIn({}, busy);
    await client.tasks.list();
    await client.tasks.list();
    assert(busy.proxy.sent("/api/tasks").length > 2, "it was refused once");
    const impatient = await signedIn({ maxWait: 0 }, busy);
    const calls = await Promise.allSettled([1, 2, 3].map(() => impatient.client.tasks.list()));
    const refused = calls.find((call) => call.status === "rejected").reason;
    assert.deepEqual([refused.status, refused.code, refused.retryAfter], [429, "rate_limited", 1]);
  } finally {
    await busy.stop();
  }
});

test("registering signs in where the server says so", async () => {
  const eager = await scene({ REGISTRATION_SIGNS_IN: "on" });
  try {
    const client = createClient({ baseUrl: eager.url });
    const user = await client.register({ email: "ada@example.com", password: PASSWORD });
    assert.deepEqual(await client.me(), user);
  } finally {
    await eager.stop();
  }
});

test("the path of tasks may name the user", async () => {
  const mounted = await scene({ AUTH_PATH: "/api/auth", TASKS_PATH: "/api/{user_id}/tasks" });
  try {
    const { client } = await signedIn({ authPath: "/api/auth", tasksPath: "/api/{user_id}/tasks" }, mounted);
    const task = await client.tasks.create({ title: "Buy milk" });
    assert.deepEqual((await client.tasks.list()).tasks[0].id, task.id);
  } finally {
    await mounted.stop();
  }
});

test("a call ends with its signal, and what it waited for goes on", async () => {
  const { client, storage, email } = await signedIn();
  storage.age();
  const held = stage.proxy.holdAnswer(REFRESH);
  const ended = new AbortController();
  const call = failure(client.me({ signal: ended.signal }));
  await held.reached;
  ended.abort(new Error("no longer needed"));
  assert.equal((await call).message, "no longer needed");
  held.release();
  assert.equal((await client.me()).email, email);
  assert.equal(stage.proxy.sent(REFRESH).length, 1);
});

test("what a proxy says while the server is away signs nobody out", async () => {
  const relay = new Relay(await freePort());
  await relay.listen();
  try {
    const { storage, signedOut } = await signedIn();
    storage.age();
    const [[key]] = storage.texts;
    const onSignedOut = (by) => signedOut.push(by);
    const client = createClient({ baseUrl: relay.url, storage, storageKey: key, onSignedOut });
    const error = await failure(client.me());
    assert.deepEqual([error.status, error.code, error.requestId], [502, "unexpected", undefined]);
    assert.equal(await client.isSignedIn(), true);
    assert.deepEqual(signedOut, []);
  } finally {
    relay.close();
  }
});

test("no token is in an address or in an error", async () => {
  const { client, storage } = await signedIn();
  storage.age();
  const secrets = Object.values(JSON.parse([...storage.texts.values()][0])).filter((it) => typeof it === "string");
  assert.equal(secrets.length, 2);
  await client.tasks.create({ title: "Buy milk" });
  for await (const _ of client.tasks.pages({ limit: 1 }));
  stage.proxy.loseAnswers("/auth/revoke", 3);
  const error = await failure(client.logout());
  const seen = stage.proxy.passed.map((one) => one.url).join() + JSON.stringify(error) + error.stack;
  for (const secret of secrets) assert(!seen.includes(secret));
});

test("a module may make a client where there is no browser", async () => {
  for (const name of ["localStorage", "addEventListener", "navigator", "fetch"]) {
    const get = () => assert.fail(`${name} was touched`);
    Object.defineProperty(globalThis, name, { get, configurable: true });
  }
  const again = await import(`${import.meta.resolve("doorward-client")}?again`);
  for (const name of ["localStorage", "addEventListener", "navigator", "fetch"]) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
  }
  const client = again.createClient({ baseUrl: stage.url, storage: "localStorage", onSignedOut: () => {} });
  assert.equal(await client.getAccessToken(), null);
  assert.equal((await failure(client.me())).code, "not_authenticated");
});
