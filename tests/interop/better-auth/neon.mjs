// A real Better Auth server as Neon Auth runs it (its own schema, path, keys and claims): Doorward takes its JWT by
// NEON_AUTH_URL alone, refuses what is forged, and imports its people. Environment: NEON_AUTH_URL, DATABASE_URL,
// DOORWARD_URL, DOORWARD_BIN.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";

const neon = process.env.NEON_AUTH_URL;
const { origin } = new URL(neon);
const account = { email: "ada@example.com", password: "correct horse battery staple", name: "Ada" };

const headers = { "content-type": "application/json", origin };
const signUp = await fetch(`${neon}/sign-up/email`, { method: "POST", headers, body: JSON.stringify(account) });
assert.equal(signUp.status, 200, await signUp.clone().text());
const cookie = signUp.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
const { token } = await (await fetch(`${neon}/token`, { headers: { cookie } })).json();
const [header, payload] = token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
assert.equal(header.alg, "EdDSA");
assert.deepEqual([payload.iss, payload.aud, payload.role], [origin, origin, "authenticated"]);
assert.match(payload.sub, /^[0-9a-f-]{36}$/);

const me = async (token) => {
  const answer = await fetch(`${process.env.DOORWARD_URL}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
};
const ada = await me(token);
assert.equal(ada.status, 200, JSON.stringify(ada.body));
assert.deepEqual([ada.body.email, ada.body.roles], [account.email, ["user"]]);
console.log("Doorward takes the JWT of Neon Auth, and gives it no role of Neon's");

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const own = generateKeyPairSync("ed25519");
const signed = (header, payload, by = (text) => sign(null, Buffer.from(text), own.privateKey)) => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${by(text).toString("base64url")}`;
};
const secret = (text) => createHmac("sha256", process.env.BETTER_AUTH_SECRET).update(text).digest();
const jwk = own.publicKey.export({ format: "jwk" });
const forged = {
  "another key": signed(header, payload),
  "a key in the header": signed({ ...header, jwk }, payload),
  "an address of keys in the header": signed({ ...header, jku: `${process.env.DOORWARD_URL}/keys` }, payload),
  "the secret": signed({ alg: "HS256", kid: header.kid }, payload, secret),
  "no signature": `${part({ ...header, alg: "none" })}.${part(payload)}.`,
  "another role, the old signature": [part(header), part({ ...payload, role: "admin" }), token.split(".")[2]].join("."),
  "cut": token.slice(0, -4),
};
for (const [what, bad] of Object.entries(forged)) {
  assert.equal((await me(bad)).status, 401, what);
}
console.log(`Doorward refuses ${Object.keys(forged).length} forged ones`);

const run = (...words) => execFileSync(process.env.DOORWARD_BIN, words, { encoding: "utf8" });
const inspected = JSON.parse(run("token", "inspect", token, "--json"));
assert.equal(inspected.valid, true);
assert.match(inspected.notes.join(), /organisation at Neon Auth \(o\): slug acme, .*role owner/);
const { report } = JSON.parse(run("import", "neon-auth", "--from", process.env.DATABASE_URL, "--json", "--yes"));
assert.equal(report.users.rejected + report.users.imported + report.users.already_here, 1, JSON.stringify(report));
console.log("doorward token inspect and doorward import neon-auth read the same service");
