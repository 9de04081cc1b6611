// A Better Auth server on PostgreSQL as its documentation sets one up, with every way it hands out a
// "token". Environment: BETTER_AUTH_URL (where it listens), BETTER_AUTH_SECRET, DATABASE_URL, and STORE, which
// says how it keeps its tables: kysely, drizzle, drizzle-plural, or neon for one as Neon runs it. Behind a proxy it listens at LISTEN_PORT, and
// with EVERYWHERE its cookies go along with what other sites' pages ask for.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import pg from "pg";

import { drizzleDatabase } from "./drizzle.mjs";

const base = new URL(process.env.BETTER_AUTH_URL);
const isNeon = process.env.STORE === "neon";
const options = isNeon ? "-c search_path=neon_auth" : "";
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, options });
if (isNeon) await pool.query("CREATE SCHEMA neon_auth");
const store = process.env.STORE ?? "kysely";
const database = store === "kysely" || isNeon ? pool : await drizzleDatabase(pool, store === "drizzle-plural");
// What Neon's documentation says of its tokens and where their keys are.
const neonTokens = {
  jwks: { jwksPath: "/.well-known/jwks.json", keyPairConfig: { alg: "EdDSA", crv: "Ed25519" } },
  jwt: {
    issuer: base.origin,
    audience: base.origin,
    definePayload: ({ user }) => ({
      ...user,
      role: "authenticated",
      o: { id: "0c4fc964-8b86-4011-b42d-6f9619ff0000", slug: "acme", role: "owner" },
    }),
  },
};
const auth = betterAuth({
  baseURL: base.origin,
  basePath: isNeon ? "/neondb/auth" : "/api/auth",
  secret: process.env.BETTER_AUTH_SECRET,
  database,
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: true, strategy: "jwt", maxAge: 300 } },
  plugins: [jwt(isNeon ? neonTokens : undefined), bearer()],
  telemetry: { enabled: false },
  advanced: {
    ...(process.env.EVERYWHERE && { defaultCookieAttributes: { sameSite: "none", secure: true } }),
    ...(isNeon && { database: { generateId: "uuid" } }),
  },
});

if (store === "kysely" || isNeon) {
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
}
createServer(toNodeHandler(auth)).listen(Number(process.env.LISTEN_PORT ?? base.port), "127.0.0.1", () => {
  console.log(`listening at ${base.origin}`);
});
