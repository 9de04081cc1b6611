// What an app does with @supabase/auth-js, against a server with COMPAT=supabase.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { AuthClient } from "@supabase/auth-js";

const url = `${process.env.DOORWARD_URL}/auth/v1`;
const memory = () => {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
};
const client = () => new AuthClient({ url, storage: memory(), autoRefreshToken: false, persistSession: true });
const steps = [];
const step = async (name, run) => {
  await run();
  steps.push(name);
};
const email = "ada@example.com";
const password = "violet kettle drum 41";
const fine = ({ data, error }) => {
  assert.equal(error, null);
  return data;
};
const isUser = (user) => {
  assert.equal(user.email, email);
  assert.equal(user.aud, "authenticated");
  assert.equal(user.role, "authenticated");
  assert.equal(typeof user.id, "string");
  assert.ok(!Number.isNaN(Date.parse(user.created_at)));
  assert.ok(user.email_confirmed_at === null || !Number.isNaN(Date.parse(user.email_confirmed_at)));
  assert.equal(typeof user.user_metadata, "object");
  assert.equal(user.app_metadata.provider ?? "email", "email");
  assert.equal(user.identities[0].provider, "email");
  assert.equal(user.identities[0].user_id, user.id);
  assert.equal(user.identities[0].identity_data.email, email);
};

const ada = client();
const heard = [];
const { data: { subscription } } = ada.onAuthStateChange((event) => void heard.push(event));

await step("signUp", async () => {
  const { user, session } = fine(await ada.signUp({ email, password }));
  isUser(user);
  assert.equal(typeof session.refresh_token, "string");
  assert.equal(session.token_type.toLowerCase(), "bearer");
  assert.ok(session.expires_at > Date.now() / 1000);
});
await step("signUp twice", async () => {
  const { error } = await client().signUp({ email, password });
  assert.deepEqual([error.status, error.code], [422, "user_already_exists"]);
});
await step("signUp with a password that is too short", async () => {
  const { error } = await client().signUp({ email: "eve@example.com", password: "short" });
  assert.deepEqual([error.status, error.code], [422, "weak_password"]);
});
await step("signInWithPassword", async () => {
  const { user, session } = fine(await ada.signInWithPassword({ email, password }));
  isUser(user);
  assert.equal(session.user.id, user.id);
});
await step("a wrong password", async () => {
  const { error } = await client().signInWithPassword({ email, password: "another kettle 42" });
  assert.deepEqual([error.status, error.code, error.message], [400, "invalid_credentials", "Invalid login credentials"]);
});
await step("getUser", async () => isUser(fine(await ada.getUser()).user));
await step("getUser with a token that is none", async () => {
  const { error } = await ada.getUser("not.a.token");
  assert.deepEqual([error.status, error.code], [403, "bad_jwt"]);
});
await step("refreshSession", async () => {
  const before = (await ada.getSession()).data.session;
  const { session, user } = fine(await ada.refreshSession());
  isUser(user);
  assert.notEqual(session.refresh_token, before.refresh_token);
  const { error } = await client().refreshSession({ refresh_token: "nothing" });
  assert.deepEqual([error.status, error.code], [400, "refresh_token_not_found"]);
});
await step("signUp and updateUser with data", async () => {
  const bob = client();
  const signedUp = await bob.signUp({ email: "bob@example.com", password, options: { data: { first_name: "Bob" } } });
  assert.equal(fine(signedUp).user.user_metadata.first_name, "Bob");
  const { user } = fine(await bob.updateUser({ data: { theme: "dark" } }));
  assert.equal(user.user_metadata.theme, "dark");
  assert.equal(user.user_metadata.first_name, "Bob");
});
await step("updateUser with a password", async () => {
  isUser(fine(await ada.updateUser({ password: "copper lantern vine 73" })).user);
  const again = client();
  fine(await again.signInWithPassword({ email, password: "copper lantern vine 73" }));
  assert.equal((await client().signInWithPassword({ email, password })).error.code, "invalid_credentials");
});
await step("signOut of this session, of the others, of all", async () => {
  const [one, two, three] = [client(), client(), client()];
  for (const each of [one, two, three]) {
    fine(await each.signInWithPassword({ email, password: "copper lantern vine 73" }));
  }
  const token = (await two.getSession()).data.session.access_token;
  assert.equal((await one.signOut({ scope: "local" })).error, null);
  fine(await two.getUser());
  assert.equal((await three.signOut({ scope: "others" })).error, null);
  assert.notEqual((await two.getUser(token)).error, null);
  fine(await three.getUser());
  assert.equal((await three.signOut({ scope: "global" })).error, null);
});
// The latest mail to somebody, once it is there.
const mailed = async (name, sign) => {
  for (let tries = 0; tries < 300; tries += 1) {
    const all = readdirSync("mails").filter((file) => file.endsWith(`-${name}.eml`)).sort().reverse();
    const texts = all.map((file) => readFileSync(`mails/${file}`, "utf8").replace(/=\r?\n/g, "").replaceAll("=3D", "="));
    const found = texts.map((text) => text.match(sign)?.[1]).find(Boolean);
    if (found) return found;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new Error(`no such mail to ${name}`);
};
await step("signInWithOtp and verifyOtp with the code of the mail", async () => {
  const cleo = client();
  fine(await cleo.signInWithOtp({ email: "cleo@example.com" }));
  const token = await mailed("cleo", /^\s*(\d{3} ?\d{3})\s*$/m);
  const wrong = await cleo.verifyOtp({ email: "cleo@example.com", token: "000000", type: "email" });
  assert.deepEqual([wrong.error.status, wrong.error.code], [403, "otp_expired"]);
  const { session, user } = fine(
    await cleo.verifyOtp({ email: "cleo@example.com", token: token.replace(" ", ""), type: "email" }),
  );
  assert.deepEqual([user.email, session.user.id], ["cleo@example.com", user.id]);
  fine(await cleo.getUser());
});
await step("verifyOtp with the token of the link", async () => {
  fine(await client().signInWithOtp({ email: "dora@example.com" }));
  const token_hash = await mailed("dora", /token=(dwo_[\w-]+)/);
  const { user } = fine(await client().verifyOtp({ token_hash, type: "email" }));
  assert.equal(user.email, "dora@example.com");
});
await step("signInWithOtp of somebody without an account, where none is to be made", async () => {
  fine(await client().signInWithOtp({ email: "nobody@example.com", options: { shouldCreateUser: false } }));
});
await step("what codes cannot do is refused by name", async () => {
  const asked = await client().signInWithOtp({ email: "eve@example.com", options: { data: { theme: "dark" } } });
  assert.equal(asked.error.status, 422);
  assert.match(asked.error.message, /data/);
  const { error } = await client().verifyOtp({ email: "eve@example.com", token: "123456", type: "email_change" });
  assert.match(error.message, /type/);
});
await step("resetPasswordForEmail and resend", async () => {
  fine(await client().resetPasswordForEmail("cleo@example.com"));
  await mailed("cleo", /reset\?token=(dw\w_[\w-]+)/);
  fine(await client().resend({ type: "signup", email: "bob@example.com" }));
});
await step("onAuthStateChange", async () => {
  fine(await ada.signInWithPassword({ email, password: "copper lantern vine 73" }));
  assert.equal((await ada.signOut()).error, null);
  subscription.unsubscribe();
  for (const event of ["SIGNED_IN", "TOKEN_REFRESHED", "USER_UPDATED", "SIGNED_OUT"]) {
    assert.ok(heard.includes(event), `${event} of ${heard}`);
  }
});
console.log(`@supabase/auth-js: ${steps.length} steps pass`);
