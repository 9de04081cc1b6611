// The schemas of openapi.json and its queries as types, written by `UPDATE_OPENAPI=1 cargo test --test guards`.

/** The token of the link, and the password that shall be the account's. */
export type AcceptInvitationRequest = {
  /** 8–256 characters, taken exactly as sent. */
  password: string;
  /** What the link in the mail ends with. */
  token: string;
};

/** An account, as administrators see it. */
export type AdminUser = User & {
  /** The reason, shown to administrators only. */
  ban_reason: string | null;
  /** Banned until then, `9999-12-31T23:59:59.999999Z` for good; null or past: not banned. */
  banned_until: string | null;
  /** True for the account of a program, which has API keys and nothing to sign in with. */
  is_service: boolean;
};

/** An API key. */
export type ApiKey = {
  /** When it was made. */
  created_at: string;
  /** When it ends; null: never. */
  expires_at: string | null;
  /** Its id, a digest of the key. */
  id: string;
  /** When it was last used, to the minute; null: never. */
  last_used_at: string | null;
  /** The address of the first use in that minute. */
  last_used_ip: string | null;
  /** What it is for. */
  name: string;
  /** The networks it counts from; null: from everywhere. */
  networks: string[] | null;
  /** What it may be used for, as far as its owner may at that moment. */
  scopes: string[];
};

/** One event, as it is remembered. */
export type AuditEntry = {
  /** Who: `user`, `key` for an API key of the user, `cli`, `anonymous` or `server`. */
  actor: string;
  /** The user who did it. */
  actor_id: string | null;
  /** When. */
  at: string;
  /** A few words more. */
  detail: string | null;
  /** What: `login`, `role.grant`, … */
  event: string;
  /** Its id, which grows with time. */
  id: string;
  /** The client's address. */
  ip: string | null;
  /** `success`, `failure`, `blocked` or `denied`. */
  outcome: string;
  /** The `X-Request-Id` of the request. */
  request_id: string | null;
  /** The session or API key it was done with, or to. */
  session_id: string | null;
  /** The user it was done to. */
  subject_id: string | null;
  /** The client's `User-Agent`. */
  user_agent: string | null;
};

/** What belongs to the code that is on its way. */
export type Challenged = {
  /** Sent back with the code, it shows that the same client asked for it. A random value, for every address. */
  challenge: string;
  /** Seconds that the code in the mail works. */
  expires_in: number;
};

/** The address that shall be the account's. */
export type ChangeEmailRequest = {
  /** The new address. */
  email: string;
  /** The account's password; not needed soon after signing in. */
  password?: string;
};

/** The present password and the one that shall take its place. */
export type ChangeRequest = {
  /** The account's present password. */
  current_password: string;
  /** 8–256 characters, taken exactly as sent. */
  new_password: string;
};

/** Every kind of error, for programs: stable, clients switch on it. */
export type Code = "invalid_link" | "bad_request" | "not_authenticated" | "invalid_token" | "token_expired" | "invalid_credentials" | "insufficient_user_authentication" | "refresh_token_reused" | "invalid_refresh_token" | "wrong_password" | "insufficient_scope" | "network_not_allowed" | "cross_site" | "registration_closed" | "account_disabled" | "email_not_verified" | "mfa_required" | "wrong_code" | "mfa_off" | "passkeys_off" | "mail_off" | "not_found" | "method_not_allowed" | "factor_needed" | "too_many_factors" | "email_taken" | "username_taken" | "passkey_taken" | "too_many_passkeys" | "not_invitable" | "too_many_keys" | "service_account" | "last_admin" | "role_taken" | "role_built_in" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "validation" | "rate_limited" | "internal" | "storage_full" | "hashing_unavailable" | "unavailable";

/** The first code of an authenticator app. */
export type ConfirmRequest = {
  /** Six digits that it shows. */
  code: string;
  /** What adding it was answered with. */
  id: string;
};

/** An authenticator app that counts from now on. */
export type ConfirmedFactor = {
  /** Its id. */
  id: string;
  /** Ten recovery codes, if the account had none; they are not shown again. */
  recovery_codes?: string[];
  /** Tokens that say so: of the session that asked, or of the one that the `mfa_token` begins. */
  tokens: Tokens;
};

/** A new API key. */
export type CreateApiKeyRequest = {
  /** When it ends; never if absent. */
  expires_at?: string | null;
  /** What it is for: 1–100 characters after trimming. */
  name: string;
  /** Addresses and ranges in CIDR notation from which alone it counts; all if absent. */
  networks?: string[] | null;
  /** What it may be used for: `tasks:read`, `tasks:write` and permissions that you hold. */
  scopes: ("tasks:read" | "tasks:write" | "users:read" | "users:write" | "sessions:write" | "keys:write" | "roles:grant" | "roles:write" | "audit:read" | "tokens:introspect")[];
};

/** A new passkey. */
export type CreatePasskeyRequest = {
  /** That of the options. */
  ceremony: string;
  /** What `navigator.credentials.create` gave, by its `toJSON()`. */
  credential: Record<string, unknown>;
  /** What to call it; the browser's name if absent. */
  name?: string | null;
};

/** A new role. */
export type CreateRoleRequest = {
  /** What it is for. */
  description?: string | null;
  /** 1–50 of `a-z 0-9 _ -`, beginning with a letter. */
  name: string;
  /** What it allows; none if absent. */
  permissions?: Permission[] | null;
};

/** A new service account. */
export type CreateServiceAccountRequest = {
  /** Fields of an app's own, which administrators alone may change; at most 16 KiB of JSON. */
  app_metadata?: Record<string, unknown> | null;
  /** What it is for: 1–100 characters after trimming. */
  name: string;
};

/** A new account. */
export type CreateUserRequest = {
  /** Fields of an app's own, which administrators alone may change; at most 16 KiB of JSON. */
  app_metadata?: Record<string, unknown> | null;
  /** Address to sign in with; unique without regard to ASCII case. */
  email: string;
  /** True if the address is known to be theirs; false if absent. */
  email_verified?: boolean | null;
  /** True mails a link to choose the password to the address; without a password only. */
  invite?: boolean | null;
  /** False makes it disabled; true if absent. */
  is_active?: boolean | null;
  /** Language they read, as a BCP 47 tag such as `pt-BR`. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** 8–256 characters, taken exactly as sent; without one nobody signs in until one is set. */
  password?: string | null;
  /** Fields of an app's own, which the account's owner may change; at most 16 KiB of JSON. */
  user_metadata?: Record<string, unknown> | null;
};

/** The proof that it is the owner who asks. */
export type DeleteRequest = {
  /** The account's current password. */
  password: string;
};

/** The app that is to be added. */
export type EnrolRequest = {
  /** What its owner calls it. */
  name?: string;
};

/** A new authenticator app, which waits for its first code. None of it is shown again. */
export type Enrolment = {
  /** For `POST /auth/mfa/totp/confirm`. */
  id: string;
  /** To open on the phone itself. */
  otpauth_url: string;
  /** The same as a picture for the app to read. */
  qr_svg: string;
  /** To type into an app that cannot take a picture. */
  secret: string;
};

/** What was erased. */
export type ErasureReceipt = {
  /** A keyed hash of its address: whoever has the server's secret can tell whether it was a certain one. */
  email_hash: string | null;
  /** When it was erased. */
  erased_at: string;
  /** A keyed hash of all the rest: proves that this server made the receipt. */
  proof: string | null;
  /** What stays, and why. */
  remains: Remainder[];
  /** How many rows were removed, by what they were. */
  removed: Record<string, number>;
  /** The account's id. */
  user_id: string;
};

/** A second factor that counts. */
export type Factor = {
  /** When it was added. */
  created_at: string;
  /** Stable id. */
  id: string;
  /** `totp` for an authenticator app. */
  kind: string;
  /** When it was last used to sign in. */
  last_used_at: string | null;
  /** What its owner calls it. */
  name: string | null;
};

/** Whose password is forgotten. */
export type ForgotRequest = {
  /** The account's address. */
  email: string;
};

export type HealthResponse = {
  /** As in `/readyz`. */
  database: string;
  /** `healthy` or `unhealthy`. */
  status: string;
  /** The server's version. */
  version: string;
};

/** What an account proves itself with besides its password. */
export type HeldFactors = {
  /** Those that count, oldest first. */
  factors: Factor[];
  /** Recovery codes that were not used yet. */
  recovery_codes_left: number;
};

/** An account's name at another issuer. */
export type HeldIdentity = {
  /** Whether the issuer said that the account's address is this person's. */
  address_proven: boolean;
  /** When it was first seen. */
  created_at: string;
  /** Its id here. */
  id: string;
  /** Who vouches. */
  issuer: string;
  /** What the person is called there. */
  subject: string;
};

/** A session, also one that has ended. */
export type HeldSession = {
  /** When it began. */
  created_at: string;
  /** Why it ended. */
  end_reason: string | null;
  /** When it ended; null while it lives. */
  ended_at: string | null;
  /** When it ends unless it is refreshed. */
  expires_at: string;
  /** Its id. */
  id: string;
  /** The address it began from. */
  ip: string | null;
  /** When it was last refreshed. */
  last_seen_at: string;
  /** The `User-Agent` it began with. */
  user_agent: string | null;
};

/** What a token is worth now. */
export type Introspection = {
  /** Whether it counts. If not, nothing else is said. */
  active: boolean;
  /** Who it is for. */
  aud?: string;
  /** When it ends, in seconds since 1970. */
  exp?: number;
  /** When it was issued, in seconds since 1970. */
  iat?: number;
  /** Who issued it. */
  iss?: string;
  /** Its own id, of an access token or an API key. */
  jti?: string;
  /** The networks from which alone an API key counts; whoever asks must compare them. */
  networks?: string[];
  /** What those allow; `*` stands for everything. Of an API key: those within its scopes. */
  permissions?: string[];
  /** The user's roles now, of an access token or an API key. */
  roles?: string[];
  /** What an API key may be used for at this moment, with a space between each two. */
  scope?: string;
  /** The session's id. */
  sid?: string;
  /** The user's id. */
  sub?: string;
  /** `Bearer` for access tokens, `refresh_token` for refresh tokens, `api_key` for API keys. */
  token_type?: string;
};

export type LivezResponse = {
  /** Always `alive`. */
  status: string;
};

/** Who wants to sign in. */
export type LoginCodeRequest = {
  /** Whether an address without an account gets a code too, where anybody may register. */
  create_account?: boolean;
  /** The account's address, or with open registration anybody's. */
  email: string;
};

/** What a sign-in sends. */
export type LoginRequest = {
  /** That of a trusted device, in place of the second step. */
  device_token?: string;
  /** The account's address, or with `USERNAMES=on` its user name; `username` is an alias. */
  email: string;
  /** The password, exactly as it was registered. */
  password: string;
};

/** A new API key, with its text. */
export type MadeKey = ApiKey & {
  /** Its text, for `Authorization: Bearer`. It is shown here and never again. */
  key: string;
};

/** What an OAuth client learns about this server (RFC 8414 §2). */
export type Metadata = {
  /** `refresh_token`: the form login is for your own front end (RFC 9700 §2.4). */
  grant_types_supported: string[];
  /** Where tokens are asked about (RFC 7662). */
  introspection_endpoint: string;
  /** An access token with the permission `tokens:introspect`. */
  introspection_endpoint_auth_methods_supported: string[];
  /** The `iss` of its tokens. */
  issuer: string;
  /** Where the keys are. */
  jwks_uri: string;
  /** None: there is no authorization endpoint. */
  response_types_supported: string[];
  /** Where sessions are ended by their tokens (RFC 7009). */
  revocation_endpoint: string;
  /** Whoever holds the token may revoke it. */
  revocation_endpoint_auth_methods_supported: string[];
  /** Where refresh tokens are redeemed. */
  token_endpoint: string;
  /** Clients are public. */
  token_endpoint_auth_methods_supported: string[];
};

/** A task to be made. */
export type NewTask = {
  /** True for a task that is done already. `false` if absent. */
  completed?: boolean;
  /** More about it. */
  description?: string | null;
  /** RFC 3339 of any offset, years 0001 to 9999. Without an offset it is UTC, and a date alone is its first instant. */
  due_at?: string | null;
  /** Fields of an app's own, at most 16 KiB of JSON. */
  metadata?: Record<string, unknown> | null;
  /** How urgent it is. `"none"` if absent. */
  priority?: Priority;
  /** Words that it is found by, each without spaces at its ends and there once. */
  tags?: string[] | null;
  /** What to do; stored without spaces at its ends. */
  title: string;
};

/** A passkey of an account. Its key is never shown, nor what the authenticator calls it. */
export type Passkey = {
  /** Whether it is backed up, as far as its last use said. */
  backed_up: boolean;
  /** Whether it can be on several devices, as synced passkeys are. */
  backup_eligible: boolean;
  /** When it was added. */
  created_at: string;
  /** Its id here. */
  id: string;
  /** When somebody last signed in with it. */
  last_used_at: string | null;
  /** What its owner calls it. */
  name: string;
};

/** What a sign-in by a passkey sends. */
export type PasskeyLoginRequest = {
  /** That of the options. */
  ceremony: string;
  /** What `navigator.credentials.get` gave, by its `toJSON()`. */
  credential: Record<string, unknown>;
  /** That of a sign-in which asks for a second factor, to finish it. */
  mfa_token?: string | null;
  /** Whether this device is to be trusted, which a sign-in with `mfa_token` can ask for; see `POST /auth/mfa/verify`. `false` if absent. */
  remember_device?: boolean;
};

/** What a page needs to begin a ceremony. */
export type PasskeyOptions = {
  /** To be sent back with what the browser makes. */
  ceremony: string;
  /** Seconds until it is too late. */
  expires_in: number;
  /** For `navigator.credentials`, as WebAuthn's JSON. */
  publicKey: Record<string, unknown>;
};

/** What a role may allow. */
export type Permission = "users:read" | "users:write" | "sessions:write" | "keys:write" | "roles:grant" | "roles:write" | "audit:read" | "tokens:introspect";

/** How urgent a task is; stored as a number so that it sorts. */
export type Priority = "none" | "low" | "medium" | "high" | "urgent";

/** An error (RFC 9457). */
export type Problem = {
  /** The kind of error, for programs. */
  code: Code;
  /** What went wrong and what to do, for people. */
  detail: string;
  /** RFC 6749 §5.2, where a form was sent. */
  error?: string;
  /** RFC 6749 §5.2, where a form was sent. */
  error_description?: string;
  /** Every invalid value, where there are some. */
  errors?: ProblemEntry[];
  /** The request's id: quote it to whoever runs the server. */
  request_id: string;
  /** The HTTP status again. */
  status: number;
  /** The kind of error, for people. */
  title: string;
  /** `urn:doorward:problem:` and the code. */
  type: string;
};

/** One invalid value, in FastAPI's terms. */
export type ProblemEntry = {
  /** `body`, `query`, `path` or `header`, and the field's name. */
  loc: string[];
  /** What is wrong. */
  msg: string;
  /** The field as a JSON pointer (RFC 6901), for those of a body. */
  pointer?: string;
  /** FastAPI's word for it. */
  type: string;
};

/** The published keys. */
export type PublishedKeys = {
  /** JSON web keys, public members only, each with `kid`, `alg` and `use`. */
  keys: unknown[];
};

export type ReadyzResponse = {
  /** What to do, where a command helps. */
  action?: string | null;
  /** `ok`, `unreachable`, `read_only`, `wrong_settings`, `lacks_privileges`, `occupied` (by another application's tables) or `unprotected` (without its row-level security: run `doorward db repair`). */
  database: string;
  /** `current`, `pending` or `unknown`. */
  migrations: string;
  /** `ready` or `not_ready`. */
  status: string;
};

/** One of what the account proves itself with. */
export type ReauthenticateRequest = {
  /** Six digits of the authenticator app. */
  code?: string;
  /** The password, of an account without a second factor. */
  password?: string;
  /** One of the recovery codes. */
  recovery_code?: string;
};

/** Ten recovery codes. */
export type RecoveryCodes = {
  /** Each signs in once in place of the second factor. They are not shown again. */
  recovery_codes: string[];
};

/** The refresh token to redeem. */
export type RefreshRequest = {
  /** The latest one received. */
  refresh_token: string;
};

/** What a new account is made of. */
export type RegisterRequest = {
  /** Address to sign in with; unique without regard to ASCII case. */
  email: string;
  /** Language to read, as a BCP 47 tag such as `pt-BR`. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** 8–256 characters, taken exactly as sent. */
  password: string;
  /** Fields of an app's own, at most 16 KiB of JSON. */
  user_metadata?: Record<string, unknown> | null;
};

/** What stays of an account. */
export type Remainder = {
  /** Where: `audit_log` or `backups_and_logs`. */
  place: string;
  /** How many records, where that is known. */
  records: number | null;
  /** Until when; null where nobody has set an end. */
  until: string | null;
  /** Why. */
  why: string;
};

/** Whose address is to be proven. */
export type ResendRequest = {
  /** The account's address. */
  email: string;
};

/** The token of the link, and the password that shall be the account's. */
export type ResetRequest = {
  /** 8–256 characters, taken exactly as sent. */
  new_password: string;
  /** What the link in the mail ends with. */
  token: string;
};

/** A named set of permissions. */
export type Role = {
  /** True for `admin` and `user`, which cannot be changed or deleted. */
  built_in: boolean;
  /** What it is for. */
  description: string;
  /** What it is called. */
  name: string;
  /** What it allows, sorted; `*` stands for everything. */
  permissions: string[];
};

/** One sign-in that still counts. */
export type Session = {
  /** When it began. */
  created_at: string;
  /** True for the session of the token that asks. */
  current: boolean;
  /** When it ends unless it is refreshed. */
  expires_at: string;
  /** Its id, the claim `sid` of its tokens. */
  id: string;
  /** The address it began from. */
  ip: string | null;
  /** When it was last refreshed. */
  last_seen_at: string;
  /** The `User-Agent` it began with. */
  user_agent: string | null;
};

/** A sign-in, or a try at one. */
export type SignInRecord = {
  /** How the user proved who they are, where they did (RFC 8176); `trusted_device` where a device stood for the second step. */
  amr: string[] | null;
  /** When. */
  at: string;
  /** The browser and the system, where it was a browser. */
  client: string | null;
  /** Its id, which grows with time. */
  id: string;
  /** The client's address. */
  ip: string | null;
  /** What came of it: `signed_in`; `second_step_asked` where the first step was right; or why not: `wrong_password`, `wrong_code`, `passkey_refused`, `too_many_tries` (not looked at), `not_allowed` (a disabled account, or an address that must be verified first). */
  result: string;
  /** The session that it began. */
  session_id: string | null;
  /** How often, where tries of a minute are counted together. */
  times: number;
  /** The client's `User-Agent`. */
  user_agent: string | null;
};

/** One task of one user. */
export type Task = {
  /** True once done. */
  completed: boolean;
  /** When it was done; null while it is not. */
  completed_at: string | null;
  /** When it was made. */
  created_at: string;
  /** More about it. */
  description: string | null;
  /** When it is due, in UTC. */
  due_at: string | null;
  /** The task's id, a UUIDv7. */
  id: string;
  /** Fields of an app's own. */
  metadata: Record<string, unknown>;
  /** How urgent it is. */
  priority: Priority;
  /** Words that it is found by. */
  tags: string[];
  /** What to do. */
  title: string;
  /** When it last changed. */
  updated_at: string;
  /** Its owner. */
  user_id: string;
};

/** What changes; an absent field keeps its value. */
export type TaskChanges = {
  /** True once done. */
  completed?: boolean;
  /** More about it; null clears it. */
  description?: string | null;
  /** RFC 3339 of any offset, years 0001 to 9999. Without an offset it is UTC, and a date alone is its first instant. Null clears it. */
  due_at?: string | null;
  /** What changes in the app's own fields, as a merge patch: names left out keep their value, null removes one. Null instead of an object removes all. */
  metadata?: Record<string, unknown> | null;
  /** How urgent it is. */
  priority?: Priority;
  /** The words that it is found by from now on; null clears them. */
  tags?: string[] | null;
  /** What to do. */
  title?: string;
};

/** Whether the task is done. */
export type TaskCompletion = {
  /** True once done; left out, it changes. */
  completed?: boolean;
};

/** How many tasks there are. */
export type TaskStats = {
  /** Done. */
  completed: number;
  /** Not done, and due before now. */
  overdue: number;
  /** Not done. */
  pending: number;
  /** All of them. */
  total: number;
};

/** The token asked about. */
export type TokenRequest = {
  /** An access token, a refresh token or an API key. */
  token: string;
  /** Ignored: tokens tell what they are. */
  token_type_hint?: string | null;
};

/** What signing in and refreshing return. */
export type Tokens = {
  /** For `Authorization: Bearer`. */
  access_token: string;
  /** Seconds until the device is trusted no more. */
  device_expires_in?: number;
  /** What the device is to keep where it was to be trusted: with the next sign-in it stands for the second step. Handed out once. */
  device_token?: string;
  /** Seconds the access token lives. */
  expires_in: number;
  /** Seconds until the session ends unless it is used. */
  refresh_expires_in: number;
  /** For `POST /auth/refresh`, once. */
  refresh_token: string;
  /** Always `bearer`. */
  token_type: string;
  /** Who is signed in. */
  user: User;
};

/** A device that stands for the second step of a sign-in. */
export type TrustedDevice = {
  /** When it was trusted. */
  created_at: string;
  /** When it stops counting, however often it is used. */
  expires_at: string;
  /** Stable id. */
  id: string;
  /** The address it was trusted from. */
  ip: string | null;
  /** When it last stood for the second step. */
  last_used_at: string | null;
  /** The browser and the system, or the program, that was trusted. */
  name: string;
};

/** The token of the link to undo a change. */
export type UndoEmailRequest = {
  /** What the link in the mail ends with. */
  token: string;
};

/** What sets a new password after a change was undone. */
export type Undone = {
  /** Seconds it works. */
  expires_in: number;
  /** For `POST /auth/password/reset`, once. */
  reset_token: string;
};

/** What a passkey shall be called. */
export type UpdatePasskeyRequest = {
  /** 1–100 characters. */
  name: string;
};

/** What may be changed; absent keeps, null clears. */
export type UpdateRequest = {
  /** Language to read, as a BCP 47 tag; null for none. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** What changes in the app's own fields, as a merge patch: names left out keep their value, null removes one. Null instead of an object removes all. */
  user_metadata?: Record<string, unknown> | null;
};

/** What a role becomes; what is absent stays. */
export type UpdateRoleRequest = {
  /** What it is for. */
  description?: string | null;
  /** Everything it allows from now on. */
  permissions?: Permission[] | null;
};

/** What changes; what is absent stays. */
export type UpdateUserRequest = {
  /** The same for the fields that administrators alone may change. */
  app_metadata?: Record<string, unknown> | null;
  /** The reason, shown to administrators only; null clears it. */
  ban_reason?: string | null;
  /** Bans until then, `9999-12-31T23:59:59Z` for good, and ends every session; null lifts the ban. */
  banned_until?: string | null;
  /** True if the address is known to be theirs. */
  email_verified?: boolean;
  /** False disables the account and ends its sessions. */
  is_active?: boolean;
  /** Language they read, as a BCP 47 tag; null clears it. */
  locale?: string | null;
  /** Display name; null clears it. */
  name?: string | null;
  /** What changes in the fields that the account's owner may change too, as a merge patch: names left out keep their value, null removes one. Null instead of an object removes all. */
  user_metadata?: Record<string, unknown> | null;
};

/** An account. */
export type User = {
  /** Fields of an app's own, which administrators alone may change. */
  app_metadata: Record<string, unknown>;
  /** When the account was made. */
  created_at: string;
  /** As typed at registration; null where another identity provider gave none. */
  email: string | null;
  /** True once the address was proven. */
  email_verified: boolean;
  /** Stable id. */
  id: string;
  /** False: the account is disabled. */
  is_active: boolean;
  /** The language they read, as a BCP 47 tag. */
  locale: string | null;
  /** Display name. */
  name: string | null;
  /** Role names, sorted. */
  roles: string[];
  /** When it was last changed. */
  updated_at: string;
  /** Fields of an app's own, which the account's owner may change. */
  user_metadata: Record<string, unknown>;
};

/** Everything that is held about a user. It is written piece by piece, so no value of it is ever made. */
export type UserExport = {
  /** API keys, without their texts, which are not stored. */
  api_keys: ApiKey[];
  /** What the audit log says of the user and of what the user did, the newest first of each. */
  audit: AuditEntry[];
  /** Always true, and the last member: a document without it was broken off. */
  complete: boolean;
  /** When it was begun. */
  exported_at: string;
  /** Authenticator apps, without their secrets. */
  factors: Factor[];
  /** Always `doorward-user`. */
  format: string;
  /** What other issuers call the person. */
  identities: HeldIdentity[];
  /** The passkeys, without their keys. */
  passkeys: Passkey[];
  /** Recovery codes that were not used; the codes are not stored. */
  recovery_codes_left: number;
  /** Sessions, those that ended in the last month included. */
  sessions: HeldSession[];
  /** The tasks, oldest first. */
  tasks: Task[];
  /** Devices that need no second step, without their tokens, which are not stored. */
  trusted_devices: TrustedDevice[];
  /** The account with its roles and metadata. */
  user: AdminUser;
  /** Of the format: 1. */
  version: number;
};

/** The code with its address, or the token of the link. */
export type VerifyCodeRequest = {
  /** What asking for the code answered with. Without it, the code is taken only from the network address that asked. */
  challenge?: string | null;
  /** The six digits. */
  code?: string | null;
  /** That of a trusted device, in place of the second step. */
  device_token?: string;
  /** The address that the code was mailed to. */
  email?: string | null;
  /** What the link in the mail ends with, instead of address and code. */
  token?: string | null;
};

/** The token of a link in a mail. */
export type VerifyEmailRequest = {
  /** What the link in the mail ends with. */
  token: string;
};

/** The second step of a sign-in: one of the two codes. */
export type VerifyRequest = {
  /** Six digits of the authenticator app. */
  code?: string;
  /** What the first step was answered with. */
  mfa_token: string;
  /** One of the recovery codes. */
  recovery_code?: string;
  /** Whether this device is to be trusted, so that its next sign-ins need no second step. Where that is possible (`TRUSTED_DEVICES`), the answer has a `device_token`. `false` if absent. */
  remember_device?: boolean;
};

export type UsersAuditQuery = {
  /** Of this kind: a word that `event` of a record can be, `login` for one */
  event?: string;
  /** `success`, `failure`, `blocked` or `denied` */
  outcome?: string;
  /** Done by this user */
  actor?: string;
  /** Done to this user */
  user?: string;
  /** From this address */
  ip?: string;
  /** In this request */
  request_id?: string;
  /** Not earlier than this */
  since?: string;
  /** Earlier than this */
  until?: string;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** From the `Link` of the page before */
  cursor?: string;
};

export type UsersListQuery = {
  /** A whole address, or a part of one, whatever its case */
  email?: string;
  /** Who hold this role */
  role?: string;
  /** Disabled, or not */
  is_active?: boolean;
  /** Service accounts, or people */
  is_service?: boolean;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** From the `Link` of the page before */
  cursor?: string;
  /** How many to skip, where there is no `cursor` */
  offset?: number;
  /** Whether `X-Total-Count` says how many there are on all pages */
  total?: boolean;
};

export type TasksListQuery = {
  /** Done, or not */
  completed?: boolean;
  /** Of this priority */
  priority?: Priority;
  /** Due earlier than this */
  due_before?: string;
  /** Due later than this */
  due_after?: string;
  /** With this in title or description, whatever its case */
  q?: string;
  /** With this tag, exactly */
  tag?: string;
  /** `created_at` (default), `updated_at`, `due_at`, `title` or `priority`; `-` before it for descending */
  sort?: string;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** From the `Link` of the page before */
  cursor?: string;
  /** How many to skip, where there is no `cursor` */
  offset?: number;
  /** Whether `X-Total-Count` says how many there are on all pages */
  total?: boolean;
};

export type SessionsLogoutQuery = {
  /** `others` or `all`; this session if absent */
  scope?: string;
};

export type SessionsSignInsQuery = {
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** From the `Link` of the page before */
  cursor?: string;
};
