// Better Auth's tables as teams with Drizzle have them: columns in snake_case; tables in the singular beside
// Doorward's own, or in the plural in a schema of their own.
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, pgSchema, pgTable, text, timestamp } from "drizzle-orm/pg-core";

const tables = {
  user: { name: text, email: text, emailVerified: boolean, image: text, createdAt: timestamp, updatedAt: timestamp },
  session: {
    expiresAt: timestamp, token: text, createdAt: timestamp, updatedAt: timestamp, ipAddress: text, userAgent: text,
    userId: text,
  },
  account: {
    accountId: text, providerId: text, userId: text, accessToken: text, refreshToken: text, idToken: text,
    accessTokenExpiresAt: timestamp, refreshTokenExpiresAt: timestamp, scope: text, password: text,
    createdAt: timestamp, updatedAt: timestamp,
  },
  verification: { identifier: text, value: text, expiresAt: timestamp, createdAt: timestamp, updatedAt: timestamp },
  jwks: { publicKey: text, privateKey: text, alg: text, crv: text, createdAt: timestamp, expiresAt: timestamp },
};
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Makes the tables; what Better Auth is given as `database`. */
export async function drizzleDatabase(pool, isPlural) {
  const place = isPlural ? pgSchema("better") : { table: pgTable };
  const plural = (name) => (isPlural ? `${name}s` : name); // "jwkss" too, as Better Auth asks
  if (isPlural) await pool.query("CREATE SCHEMA better");
  const schema = {};
  for (const [name, fields] of Object.entries(tables)) {
    const columns = { id: text("id").primaryKey() };
    for (const [field, type] of Object.entries(fields)) columns[field] = type(snake(field));
    schema[plural(name)] = place.table(plural(name), columns);
    const types = Object.entries(fields).map(([field, type]) => `${snake(field)} ${type.name.replace("pg", "")}`);
    const where = isPlural ? `better."${plural(name)}"` : `"${name}"`;
    await pool.query(`CREATE TABLE ${where} (id text PRIMARY KEY, ${types.join(", ")})`);
  }
  return drizzleAdapter(drizzle(pool, { schema }), { provider: "pg", schema, usePlural: isPlural });
}
