// Sessions that a real Better Auth server began are imported into another database, and go on there: by cookie and by
// the bearer plugin's token, until they are ended here or there. Environment: BETTER_AUTH_URL, OLD_DATABASE_URL (Better
// Auth's), DATABASE_URL and DOORWARD_URL (Doorward's), DOORWARD_BIN.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

const origin = process.env.BETTER_AUTH_URL;
const betterAuth = `${origin}/api/auth`;
const doorward = process.env.DOORWARD_URL;

async function there(path, body, headers = {}) {
  const response = await fetch(`${betterAuth}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin, ...headers },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response;
}

/** What a client holds after signing up or in. */
async function held(response) {
  const pairs = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  const cookie = pairs.find((pair) => pair.startsWith("better-auth.session_token="));
  const told = await response.json();
  return { cookie, bearer: response.headers.get("set-auth-token"), token: told.token, id: told.user.id };
}

const password = "violet kettle drum 41";
const signUp = async (name) => held(await there("sign-up/email", { email: `${name}@example.com`, password, name }));
const signIn = async (name) => held(await there("sign-in/email", { email: `${name}@example.com`, password }));

/** Asks Doorward; the status and the body. */
async function here(method, path, headers, body) {
  const response = await fetch(doorward + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const ways = (session) => [
  { cookie: session.cookie },
  bearer(session.bearer),
  bearer(session.token),
  bearer(session.cookie.split("=")[1]),
];

function imported() {
  const more = ["import", "better-auth", "--from", process.env.OLD_DATABASE_URL, "--json", "--yes"];
  return JSON.parse(execFileSync(process.env.DOORWARD_BIN, more, { encoding: "utf8" })).report;
}

async function counts(session, wanted, what) {
  for (const headers of ways(session)) {
    assert.equal((await here("GET", "/auth/me", headers)).status, wanted, `${what}: ${Object.keys(headers)}`);
  }
}

const ada = await signUp("ada");
const phone = await signIn("ada");
const eve = await signUp("eve");
const report = imported();
assert.deepEqual(report.sessions, { imported: 3, already_here: 0, rejected: 0 });
await counts(ada, 200, "a session that was imported");
await counts(phone, 200, "another of the same person");
for (const headers of ways(ada)) {
  const made = await here("POST", "/api/tasks", { ...headers, origin }, { title: "mine" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal(made.body.user_id, ada.id);
  assert.equal((await here("GET", "/auth/me", headers)).body.email, "ada@example.com");
}
for (const headers of ways(eve)) assert.deepEqual((await here("GET", "/api/tasks", headers)).body, []);
const crossed = await here("POST", "/api/tasks", { cookie: ada.cookie, origin: "https://evil.example" }, { title: "x" });
assert.equal(crossed.status, 403);
console.log("sessions of Better Auth go on in another database");

for (const token of [ada.token, ada.bearer, ada.cookie.split("=")[1]]) {
  const at = Math.floor(token.length / 3);
  const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
  assert.equal((await here("GET", "/auth/me", bearer(changed))).status, 401);
}

// Signing out here ends the one session, whatever Better Auth says.
assert.equal((await here("POST", "/auth/logout", { cookie: ada.cookie, origin })).status, 204);
await counts(ada, 401, "after signing out here");
await counts(phone, 200, "the other one");
assert.deepEqual(imported().sessions, { imported: 0, already_here: 3, rejected: 0 });
await counts(ada, 401, "after another import");

// Signing out there ends it with the next import; who has signed in there meanwhile is here.
await there("sign-out", {}, { cookie: phone.cookie });
const later = await signIn("ada");
await counts(later, 401, "before it is imported");
const again = imported();
assert.deepEqual([again.sessions.imported, again.sessions_ended], [1, 1]);
await counts(phone, 401, "after signing out there");
await counts(later, 200, "begun since");
assert.equal((await here("POST", "/auth/logout?scope=all", bearer(later.token))).status, 204);
await counts(later, 401, "after signing out everywhere");
await counts(eve, 200, "somebody else");
console.log("and end where they are ended first");
