// Reads a running Doorward's tokens with the very files that the documents show, in real Express, Hono
// and Next.js applications. The arguments are tokens: `+` before one that must be taken for
// DOORWARD_SUBJECT's, `-` before one that must be refused, `?` before one that cannot be judged because
// the keys are out of reach.

import { createServer } from "node:http";
import framework from "express";
import { Hono } from "hono";
import next from "next";
import { express, hono, userOf } from "./app/whoami/node_auth.mjs";

const subject = process.env.DOORWARD_SUBJECT;
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

const judgement = {
  "+": async (response) => response.status === 200 && (await response.json()).user === subject,
  "-": (response) => response.status === 401 && response.headers.get("www-authenticate") === "Bearer",
  "?": (response) => response.status >= 500,
};

/** Every application says this of the header. */
async function check(authorization, expected, what) {
  const user = await userOf(authorization).catch((error) => error);
  const said = { "+": user === subject, "-": user === null, "?": user instanceof Error };
  if (!said[expected]) fail(`jose: ${user} where ${expected} is right, for ${what}`);
  for (const [name, ask] of Object.entries(applications)) {
    const response = await ask(authorization ? { authorization } : {});
    if (!(await judgement[expected](response))) {
      fail(`${name}: ${response.status} where ${expected} is right, for ${what}`);
    }
  }
}

if (!subject) fail("no DOORWARD_SUBJECT");
await check(undefined, "-", "no token at all");
for (const argument of process.argv.slice(2)) {
  const token = argument.slice(1);
  await check(`Bearer ${token}`, argument[0], token);
}
process.exit(0);
