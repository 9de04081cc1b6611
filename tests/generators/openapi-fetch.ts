// The types of openapi-typescript, used by openapi-fetch.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./fetch/schema";

const baseUrl = process.env["DOORWARD_URL"]!;
const password = "violet kettle drum 41";
const api = createClient<paths>({ baseUrl });

/** What the server answered; a test may fail here. */
function good<T>({ data, error }: { data?: T; error?: unknown }): T {
  assert.equal(error, undefined, JSON.stringify(error));
  return data as T;
}

async function main() {
  const email = "fetch@example.com";
  const user = good(await api.POST("/auth/register", { body: { email, password } }));
  assert.equal(user.email, email);
  const tokens = good(await api.POST("/auth/login", { body: { email, password } }));
  const next = good(await api.POST("/auth/refresh", { body: { refresh_token: tokens.refresh_token } }));
  const mine = { Authorization: `Bearer ${next.access_token}` };

  const root = good(await api.POST("/auth/login", { body: { email: "root@example.com", password } }));
  const ask = { headers: { Authorization: `Bearer ${root.access_token}` }, body: { token: next.access_token } };
  assert.equal(good(await api.POST("/auth/introspect", ask)).sub, user.id);

  const task = good(await api.POST("/api/tasks", { headers: mine, body: { title: "Buy milk" } }));
  const list = good(await api.GET("/api/tasks", { headers: mine, params: { query: { completed: false } } }));
  assert.deepEqual(list, [task]);
  const path = { id: task.id };
  const changes: components["schemas"]["TaskChanges"] = { priority: "low" };
  const changed = await api.PATCH("/api/tasks/{id}", { headers: mine, params: { path }, body: changes });
  assert.equal(good(changed).priority, "low");
  const done = await api.PATCH("/api/tasks/{id}/complete", {
    headers: mine, params: { path }, body: { completed: true },
  });
  assert.equal(good(done).completed, true);

  const refused = await api.POST("/api/tasks", { headers: mine, body: { title: " " } });
  const problem: components["schemas"]["Problem"] = refused.error!;
  assert.equal(problem.code, "validation");
  assert.deepEqual(problem.errors![0]!.loc, ["body", "title"]);

  const gone = await api.DELETE("/api/tasks/{id}", { headers: mine, params: { path } });
  assert.equal(gone.response.status, 204);
  const revoked = await api.POST("/auth/revoke", { body: { token: next.refresh_token } });
  assert.equal(revoked.response.status, 200);
  assert.equal(good(await api.POST("/auth/introspect", ask)).active, false);
  console.log("openapi-typescript and openapi-fetch: all calls work");
}

main();
