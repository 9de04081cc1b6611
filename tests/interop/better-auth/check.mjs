// Signs somebody up at a real Better Auth server and uses Doorward with everything it calls a token.
// Environment: BETTER_AUTH_URL, DOORWARD_URL.
import assert from "node:assert/strict";

const betterAuth = `${process.env.BETTER_AUTH_URL}/api/auth`;
const origin = process.env.BETTER_AUTH_URL;
const doorward = process.env.DOORWARD_URL;

async function tasks(token, method = "GET", body = undefined) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${doorward}/api/tasks`, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), body: await response.json() };
}

async function me(token) {
  const response = await fetch(`${doorward}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  return response.json();
}

/** Signs up; everything that Better Auth hands out as a token. */
async function signUp(name) {
  const email = `${name}-${Date.now()}@example.com`;
  const response = await fetch(`${betterAuth}/sign-up/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ email, password: "correct horse battery staple", name }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const pairs = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  const value = (wanted) => pairs.find((pair) => pair.startsWith(`${wanted}=`)).slice(wanted.length + 1);
  const cookie = pairs.join("; ");
  const answer = await fetch(`${betterAuth}/token`, { headers: { cookie } });
  const session = value("better-auth.session_token");
  const told = await response.json();
  return {
    email,
    id: told.user.id,
    cookie,
    tokens: {
      "JWT of the JWT plugin": (await answer.json()).token,
      "JWT of the cookie cache": value("better-auth.session_data"),
      "value of the session cookie, as sent": session,
      "value of the session cookie, decoded": decodeURIComponent(session),
      "token of the bearer plugin": response.headers.get("set-auth-token"),
      "token of the sign-up's answer": told.token,
    },
  };
}

const ada = await signUp("ada");
const eve = await signUp("eve");
const ids = new Set();
let count = 0;
for (const [what, token] of Object.entries(ada.tokens)) {
  const made = await tasks(token, "POST", { title: what });
  assert.equal(made.status, 201, `${what}: ${JSON.stringify(made.body)}`);
  count += 1;
  const listed = await tasks(token);
  assert.equal(listed.status, 200, what);
  assert.equal(listed.body.length, count, what);
  assert.equal(made.body.user_id, ada.id, what);
  assert.equal(listed.body[0].user_id, ada.id, what);
  const user = await me(token);
  assert.equal(user.email, ada.email, what);
  assert.equal(user.name, "ada", what);
  ids.add(user.id);
  console.log(`Doorward takes the ${what}`);
}
assert.equal(ids.size, 1, "one person, one user");
for (const [what, token] of Object.entries(eve.tokens)) {
  assert.deepEqual((await tasks(token)).body, [], `eve's ${what} shows nothing of ada's`);
}

let refused = 0;
for (const [what, token] of Object.entries(ada.tokens)) {
  const middle = Math.floor(token.length / 2);
  const other = token[middle] === "A" ? "B" : "A";
  for (const bad of [token.slice(0, middle) + other + token.slice(middle + 1), token.slice(0, -3), `${token}x`]) {
    const answer = await tasks(bad);
    assert.equal(answer.status, 401, `${what}, changed: ${bad}`);
    assert.match(answer.challenge, /^Bearer error="invalid_token"/);
    refused += 1;
  }
}
console.log(`Doorward refuses ${refused} changed tokens`);

const out = await fetch(`${betterAuth}/sign-out`, { method: "POST", headers: { cookie: ada.cookie, origin } });
assert.equal(out.status, 200);
for (const [what, token] of Object.entries(ada.tokens)) {
  // A JWT lives until its exp: 15 minutes, the cookie cache 5.
  const wanted = what.startsWith("JWT") ? 200 : 401;
  assert.equal((await tasks(token)).status, wanted, `${what} after signing out`);
}
console.log("Doorward refuses session tokens at once after signing out there");
