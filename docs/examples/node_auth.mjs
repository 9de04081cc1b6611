// Node (Express, Hono, Next.js): who is calling, by Doorward's published keys or by the shared secret.
// npm install jose

import { createRemoteJWKSet, jwtVerify } from "jose";

const doorward = process.env.DOORWARD_URL ?? "http://127.0.0.1:8000";
const issuer = process.env.DOORWARD_ISSUER ?? "doorward";
const secret = process.env.DOORWARD_SECRET; // only where TOKEN_ALGORITHM is HS256

const keys = secret
  ? new TextEncoder().encode(secret)
  : createRemoteJWKSet(new URL(`${doorward}/.well-known/jwks.json`));
const algorithms = secret ? ["HS256"] : ["EdDSA", "ES256", "RS256"];

/** The user's id, or null if the header holds no valid token. */
export async function userOf(authorization) {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (!token) return null;
  try {
    const requiredClaims = ["exp", "iat", "sub", "sid"];
    const { payload } = await jwtVerify(token, keys, { issuer, algorithms, requiredClaims });
    return payload.sub;
  } catch {
    return null;
  }
}

/** Express: `app.use(express)`, then `request.user`. */
export async function express(request, response, next) {
  request.user = await userOf(request.headers.authorization);
  if (request.user) return next();
  response.set("WWW-Authenticate", "Bearer").status(401).json({ detail: "Not authenticated" });
}

/** Hono: `app.use(hono)`, then `c.get("user")`. */
export async function hono(c, next) {
  const user = await userOf(c.req.header("Authorization"));
  if (!user) return c.json({ detail: "Not authenticated" }, 401, { "WWW-Authenticate": "Bearer" });
  c.set("user", user);
  await next();
}
