// Reads a running Doorward's tokens with the very file that the documents show. The arguments are
// tokens: `+` before one that must be taken, `-` before one that must be refused.

import { express, hono, userOf } from "./node_auth.mjs";

const fail = (what) => {
  console.error(`jose: ${what}`);
  process.exit(1);
};

for (const argument of process.argv.slice(2)) {
  const [taken, token] = [argument[0] === "+", argument.slice(1)];
  const authorization = `Bearer ${token}`;
  const user = await userOf(authorization);
  if (Boolean(user) !== taken) fail(`${taken ? "refused" : "took"} ${token}`);

  let passed = false;
  let status = 200;
  const response = {
    set: () => response,
    status: (code) => ((status = code), response),
    json: () => response,
  };
  const request = { headers: { authorization } };
  await express(request, response, () => (passed = true));
  if (passed !== taken || (status === 401) === taken) fail("express disagrees");
  if (taken && request.user !== user) fail("express has another user");

  const held = {};
  const c = {
    req: { header: () => authorization },
    json: (_, code) => code,
    set: (name, value) => (held[name] = value),
  };
  const answer = await hono(c, async () => {});
  if (taken ? held.user !== user : answer !== 401) fail("hono disagrees");
}
if (await userOf(undefined)) fail("took no token at all");
