// What people do at Doorward in a front end with @supabase/auth-js: client.mjs STEP.
// Environment: NEW_URL, FIRST and SECOND (passwords), IDS (of Supabase, by address).
import assert from "node:assert/strict";
import { AuthClient } from "@supabase/auth-js";

const { NEW_URL, FIRST, SECOND } = process.env;
const auth = () => new AuthClient({ url: `${NEW_URL}/auth/v1`, autoRefreshToken: false, persistSession: false });
const fine = ({ data, error }) => {
  assert.equal(error, null);
  return data;
};
const signIn = async (name, password = FIRST) => {
  const client = auth();
  const { user, session } = fine(await client.signInWithPassword({ email: `${name}@example.com`, password }));
  return { client, user, token: session.access_token };
};
const refusal = async (name, password = FIRST) => {
  const { error } = await auth().signInWithPassword({ email: `${name}@example.com`, password });
  return [error.status, error.code];
};
const tasks = async (token, title) => {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const sent = title === undefined ? {} : { method: "POST", body: JSON.stringify({ title }) };
  const answer = await fetch(`${NEW_URL}/api/tasks`, { headers, ...sent });
  assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`);
  return await answer.json();
};
const titles = async (token) => (await tasks(token)).map((task) => task.title).sort();

const steps = {
  async copied() {
    const ids = JSON.parse(process.env.IDS);
    const { user, token } = await signIn("ada");
    assert.equal(user.id, ids["ada@example.com"]);
    assert.equal(user.user_metadata.full_name, "Ada");
    assert.equal(user.user_metadata.theme, "dark");
    assert.deepEqual(user.app_metadata.providers, ["email", "google"]);
    assert.ok(user.email_confirmed_at);
    assert.deepEqual(await titles(token), ["Ada's engine", "Write notes"]);
    const grace = await signIn("grace");
    assert.equal(grace.user.id, ids["grace@example.com"]);
    assert.deepEqual(await titles(grace.token), ["Find the moth"]);
    assert.deepEqual(await refusal("ada", "wrong kettle 7"), [400, "invalid_credentials"]);
    assert.equal((await refusal("alan"))[1], "user_banned");
  },
  async switched() {
    assert.deepEqual(await titles((await signIn("lin")).token), ["Late"]);
    const options = { data: { first_name: "Mary" } };
    const { session } = fine(await auth().signUp({ email: "mary@example.com", password: FIRST, options }));
    await tasks(session.access_token, "It's new; DROP TABLE todos;");
    await signIn("grace");
    const memory = new Map();
    const storage = {
      getItem: (key) => memory.get(key) ?? null,
      setItem: (key, value) => void memory.set(key, value),
      removeItem: (key) => void memory.delete(key),
    };
    const ada = new AuthClient({ url: `${NEW_URL}/auth/v1`, autoRefreshToken: false, storage });
    const { session: hers } = fine(await ada.signInWithPassword({ email: "ada@example.com", password: FIRST }));
    await tasks(hers.access_token, "A third");
    fine(await ada.updateUser({ password: SECOND, data: { theme: "light" } }));
    const { user } = await signIn("ada", SECOND);
    assert.equal(user.user_metadata.theme, "light");
    assert.deepEqual(await refusal("ada"), [400, "invalid_credentials"]);
  },
};
await steps[process.argv[2]]();
