// Next.js: a route handler of the app router that answers its caller's id, `app/whoami/route.ts`.
// Beside node_auth.mjs; npm install jose

import { userOf } from "./node_auth.mjs";

export async function GET(request: Request) {
  const user = await userOf(request.headers.get("authorization"));
  if (!user) return new Response(null, { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
  return Response.json({ user });
}
