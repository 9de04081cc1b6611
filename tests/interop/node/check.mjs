// Reads a running Doorward's tokens with the very files that the documents show, in real Express, Hono
// and Next.js applications. The arguments are tokens: `+` before one that must be taken, `-` before
// one that must be refused.

import { createServer } from "node:http";
import framework from "express";
import { Hono } from "hono";
import next from "next";
import { express, hono, userOf } from "./app/whoami/node_auth.mjs";

const fail = (what) => {
  console.error(what);
  process.exit(1);
};

/** Listens on a free port; asks it with a header. */
async function served(handler) {
  const server = createServer(handler);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  return (headers) => fetch(`http://127.0.0.1:${port}/whoami`, { headers });
}

const inExpress = framework();
inExpress.use(express);
inExpress.get("/whoami", (request, response) => response.json({ user: request.user }));

const inHono = new Hono();
inHono.use(hono);
inHono.get("/whoami", (c) => c.json({ user: c.get("user") }));

const inNext = next({ dev: false, quiet: true });
await inNext.prepare();

const applications = {
  Express: await served(inExpress),
  Hono: async (headers) => inHono.request("/whoami", { headers }),
  "Next.js": await served(inNext.getRequestHandler()),
};

/** Every application says the same of this header. */
async function check(authorization, taken, what) {
  const user = await userOf(authorization);
  if (Boolean(user) !== taken) fail(`jose ${taken ? "refused" : "took"} ${what}`);
  for (const [name, ask] of Object.entries(applications)) {
    const response = await ask(authorization ? { authorization } : {});
    if (response.status !== (taken ? 200 : 401)) fail(`${name}: ${response.status} for ${what}`);
    if (taken && (await response.json()).user !== user) fail(`${name}: another user for ${what}`);
    if (!taken && response.headers.get("www-authenticate") !== "Bearer") {
      fail(`${name}: no challenge for ${what}`);
    }
  }
}

await check(undefined, false, "no token at all");
for (const argument of process.argv.slice(2)) {
  const token = argument.slice(1);
  await check(`Bearer ${token}`, argument[0] === "+", token);
}
process.exit(0);
