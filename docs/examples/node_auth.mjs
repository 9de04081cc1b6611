// Node (Express, Hono, Next.js): who is calling, by Doorward's published keys or by the shared secret.
// npm install jose

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const doorward = process.env.DOORWARD_URL ?? "http://127.0.0.1:8000";
const issuer = process.env.DOORWARD_ISSUER ?? "doorward";
const audience = process.env.DOORWARD_AUDIENCE || undefined; // what TOKEN_AUDIENCE is, where it is set
const secret = process.env.DOORWARD_SECRET; // only where TOKEN_ALGORITHM is HS256
if (secret !== undefined && Buffer.byteLength(secret) < 32) {
  // With an empty one anybody can make tokens.
  throw new Error("DOORWARD_SECRET needs at least 32 bytes; leave it unset to use the published keys");
}

const keys = secret
  ? new TextEncoder().encode(secret)
  : createRemoteJWKSet(new URL(`${doorward}/.well-known/jwks.json`), { cacheMaxAge: 300_000 });
const algorithms = secret ? ["HS256"] : ["EdDSA", "ES256", "RS256"];

// jose's errors about the published keys; all others of its errors are about the token.
const unfetched = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

/**
 * The user's id, or null if the header holds no valid token. Throws if the keys cannot be fetched, so
 * that the framework answers 5xx: a 401 would sign people out while Doorward is away.
 */
export async function userOf(authorization) {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (!token) return null;
  try {
    const requiredClaims = ["exp", "iat", "sub", "sid"];
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms,
      requiredClaims,
    });
    return payload.sub;
  } catch (error) {
    if (error instanceof errors.JOSEError && !unfetched.includes(error.code)) return null;
    throw error;
  }
}

/** Express: `app.use(express)`, then `request.user`. */
export async function express(request, response, next) {
  try {
    request.user = await userOf(request.headers.authorization);
  } catch (error) {
    return next(error); // Express 4 does not catch what an async function throws
  }
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
