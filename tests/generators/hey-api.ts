// The functions of hey-api.

import assert from "node:assert/strict";
import { client } from "./hey/client.gen";
import * as api from "./hey";

const password = "violet kettle drum 41";
client.setConfig({ baseUrl: process.env["DOORWARD_URL"]! });

async function main() {
  const strict = { throwOnError: true } as const;
  const body = { email: "hey@example.com", password };
  const user = await api.accountsRegister({ body, ...strict });
  assert.equal(user.data.email, body.email);
  const tokens = await api.sessionsLogin({ body, ...strict });
  const next = await api.sessionsRefresh({ body: { refresh_token: tokens.data.refresh_token }, ...strict });
  const mine = { auth: next.data.access_token, ...strict };

  const root = await api.sessionsLogin({ body: { email: "root@example.com", password }, ...strict });
  const ask = { auth: root.data.access_token, body: { token: next.data.access_token }, ...strict };
  assert.equal((await api.sessionsIntrospect(ask)).data.sub, user.data.id);

  const { data: task } = await api.tasksCreate({ body: { title: "Buy milk" }, ...mine });
  const list = await api.tasksList({ query: { completed: false }, ...mine });
  assert.deepEqual(list.data, [task]);
  const path = { id: task.id };
  const changed = await api.tasksUpdate({ path, body: { priority: "low" }, ...mine });
  assert.equal(changed.data.priority, "low");
  const done = await api.tasksComplete({ path, body: { completed: true }, ...mine });
  assert.equal(done.data.completed, true);

  const refused = await api.tasksCreate({ body: { title: " " }, auth: next.data.access_token });
  const problem: api.Problem = refused.error!;
  assert.equal(problem.code, "validation");
  assert.deepEqual(problem.errors![0]!.loc, ["body", "title"]);

  assert.equal((await api.tasksDelete({ path, ...mine })).response.status, 204);
  assert.equal((await api.sessionsRevokeToken({ body: { token: next.data.refresh_token }, ...strict })).response.status, 200);
  assert.equal((await api.sessionsIntrospect(ask)).data.active, false);
  console.log("hey-api: all calls work");
}

main();
