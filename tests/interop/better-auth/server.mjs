// A Better Auth server on PostgreSQL as its documentation sets one up, with every way it hands out a
// "token". Environment: BETTER_AUTH_URL (where it listens), BETTER_AUTH_SECRET, DATABASE_URL, and STORE, which
// says how it keeps its tables: kysely, drizzle or drizzle-plural. Behind a proxy it listens at LISTEN_PORT, and
// with EVERYWHERE its cookies go along with what other sites' pages ask for.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import pg from "pg";

import { drizzleDatabase } from "./drizzle.mjs";

const base = new URL(process.env.BETTER_AUTH_URL);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const store = process.env.STORE ?? "kysely";
const database = store === "kysely" ? pool : await drizzleDatabase(pool, store === "drizzle-plural");
const auth = betterAuth({
  baseURL: base.origin,
  secret: process.env.BETTER_AUTH_SECRET,
  database,
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: true, strategy: "jwt", maxAge: 300 } },
  plugins: [jwt(), bearer()],
  telemetry: { enabled: false },
  advanced: process.env.EVERYWHERE ? { defaultCookieAttributes: { sameSite: "none", secure: true } } : {},
});

if (store === "kysely") {
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
}
createServer(toNodeHandler(auth)).listen(Number(process.env.LISTEN_PORT ?? base.port), "127.0.0.1", () => {
  console.log(`listening at ${base.origin}`);
});
