// The functions of orval, by fetch.

import assert from "node:assert/strict";
import * as api from "./orval/api";

const password = "violet kettle drum 41";

async function main() {
  const body = { email: "orval@example.com", password };
  const user = await api.accountsRegister(body);
  assert(user.status === 201, JSON.stringify(user));
  const tokens = await api.sessionsLogin(body);
  assert(tokens.status === 200, JSON.stringify(tokens));
  const next = await api.sessionsRefresh({ refresh_token: tokens.data.refresh_token });
  assert(next.status === 200, JSON.stringify(next));
  const mine = { headers: { Authorization: `Bearer ${next.data.access_token}` } };

  const root = await api.sessionsLogin({ email: "root@example.com", password });
  assert(root.status === 200, JSON.stringify(root));
  const as = { headers: { Authorization: `Bearer ${root.data.access_token}` } };
  const found = await api.sessionsIntrospect({ token: next.data.access_token }, as);
  assert(found.status === 200 && found.data.sub === user.data.id, JSON.stringify(found));

  const made = await api.tasksCreate({ title: "Buy milk" }, mine);
  assert(made.status === 201, JSON.stringify(made));
  const list = await api.tasksList({ completed: false }, mine);
  assert.deepEqual(list.data, [made.data]);
  const id = made.data.id;
  const changed = await api.tasksUpdate(id, { priority: "low" }, mine);
  assert(changed.status === 200 && changed.data.priority === "low", JSON.stringify(changed));
  const done = await api.tasksComplete(id, { completed: true }, mine);
  assert(done.status === 200 && done.data.completed, JSON.stringify(done));

  const refused = await api.tasksCreate({ title: " " }, mine);
  assert(refused.status === 422, JSON.stringify(refused));
  assert.equal(refused.data.code, "validation");
  assert.deepEqual(refused.data.errors![0]!.loc, ["body", "title"]);

  assert.equal((await api.tasksDelete(id, mine)).status, 204);
  assert.equal((await api.sessionsRevokeToken({ token: next.data.refresh_token })).status, 200);
  const after = await api.sessionsIntrospect({ token: next.data.access_token }, as);
  assert(after.status === 200 && !after.data.active, JSON.stringify(after));
  console.log("orval: all calls work");
}

main();
