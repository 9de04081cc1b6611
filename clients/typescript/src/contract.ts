// The schemas of openapi.json and its queries as types, written by `UPDATE_OPENAPI=1 cargo test --test guards`.

/** The token of the link, and the new password. */
export type AcceptInvitationRequest = {
  /** 8–256 characters, used exactly as sent. */
  password: string;
  /** The token at the end of the link in the mail. */
  token: string;
};

/** An account, as shown to administrators. */
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
  /** When it expires; null: never. */
  expires_at: string | null;
  /** The key's id, a digest of the key. */
  id: string;
  /** When it was last used, to the minute; null: never. */
  last_used_at: string | null;
  /** The client address of the first use in that minute. */
  last_used_ip: string | null;
  /** What it is for. */
  name: string;
  /** The networks it may be used from; null: all. */
  networks: string[] | null;
  /** What it may be used for, limited to the owner's current permissions. */
  scopes: string[];
};

/** One recorded event. */
export type AuditEntry = {
  /** Who: `user`, `key` for an API key of the user, `cli`, `anonymous` or `server`. */
  actor: string;
  /** The user who did it. */
  actor_id: string | null;
  /** When. */
  at: string;
  /** Further details. */
  detail: string | null;
  /** What: `login`, `role.grant`, … */
  event: string;
  /** The id; ids increase over time. */
  id: string;
  /** The client's address. */
  ip: string | null;
  /** `success`, `failure`, `blocked` or `denied`. */
  outcome: string;
  /** The `X-Request-Id` of the request. */
  request_id: string | null;
  /** The session or API key that was used or affected. */
  session_id: string | null;
  /** The affected user. */
  subject_id: string | null;
  /** The client's `User-Agent`. */
  user_agent: string | null;
};

/** What the client needs to use the code. */
export type Challenged = {
  /** Send it with the code to show that the same client requested it. A random value for every address. */
  challenge: string;
  /** Seconds until the code expires. */
  expires_in: number;
};

/** The new address of the account. */
export type ChangeEmailRequest = {
  /** The new address. */
  email: string;
  /** The account's password; not required after a recent sign-in. */
  password?: string;
};

/** The current password and the new one. */
export type ChangeRequest = {
  /** The account's current password. */
  current_password: string;
  /** 8–256 characters, used exactly as sent. */
  new_password: string;
};

/** The kinds of errors: stable identifiers for programs. */
export type Code = "invalid_link" | "bad_request" | "not_authenticated" | "invalid_token" | "token_expired" | "invalid_credentials" | "insufficient_user_authentication" | "refresh_token_reused" | "invalid_refresh_token" | "wrong_password" | "insufficient_scope" | "network_not_allowed" | "cross_site" | "registration_closed" | "account_disabled" | "email_not_verified" | "mfa_required" | "wrong_code" | "mfa_off" | "passkeys_off" | "mail_off" | "not_found" | "method_not_allowed" | "factor_needed" | "too_many_factors" | "email_taken" | "username_taken" | "passkey_taken" | "too_many_passkeys" | "not_invitable" | "too_many_keys" | "service_account" | "last_admin" | "role_taken" | "role_built_in" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "validation" | "rate_limited" | "internal" | "storage_full" | "hashing_unavailable" | "unavailable";

/** The first code of an authenticator app. */
export type ConfirmRequest = {
  /** The six digits that the app shows. */
  code: string;
  /** The id that adding it returned. */
  id: string;
};

/** A confirmed authenticator app. */
export type ConfirmedFactor = {
  /** Its id. */
  id: string;
  /** Ten recovery codes, if the account had none; they are only shown once. */
  recovery_codes?: string[];
  /** New tokens: of the current session, or of the session that the `mfa_token` starts. */
  tokens: Tokens;
};

/** A new API key. */
export type CreateApiKeyRequest = {
  /** When it expires; never if absent. */
  expires_at?: string | null;
  /** What it is for: 1–100 characters after trimming. */
  name: string;
  /** Addresses and CIDR ranges it may be used from; all if absent. */
  networks?: string[] | null;
  /** What it may be used for: `tasks:read`, `tasks:write` and permissions that you have. */
  scopes: ("tasks:read" | "tasks:write" | "users:read" | "users:write" | "sessions:write" | "keys:write" | "roles:grant" | "roles:write" | "audit:read" | "tokens:introspect")[];
};

/** A new passkey. */
export type CreatePasskeyRequest = {
  /** The `ceremony` from the options. */
  ceremony: string;
  /** The credential from `navigator.credentials.create`, converted with `toJSON()`. */
  credential: Record<string, unknown>;
  /** Its name; the browser's name if absent. */
  name?: string | null;
};

/** A new role. */
export type CreateRoleRequest = {
  /** What it is for. */
  description?: string | null;
  /** 1–50 characters of `a-z 0-9 _ -`, starting with a letter. */
  name: string;
  /** What it allows; none if absent. */
  permissions?: Permission[] | null;
};

/** A new service account. */
export type CreateServiceAccountRequest = {
  /** Your app's own fields, which only administrators may change; at most 16 KiB of JSON. */
  app_metadata?: Record<string, unknown> | null;
  /** What it is for: 1–100 characters after trimming. */
  name: string;
};

/** A new account. */
export type CreateUserRequest = {
  /** Your app's own fields, which only administrators may change; at most 16 KiB of JSON. */
  app_metadata?: Record<string, unknown> | null;
  /** Address to sign in with; unique ignoring ASCII case. */
  email: string;
  /** Whether the address is verified; false if absent. */
  email_verified?: boolean | null;
  /** True sends a mail with a link to choose a password; only without `password`. */
  invite?: boolean | null;
  /** False creates a disabled account; true if absent. */
  is_active?: boolean | null;
  /** The user's language, as a BCP 47 tag such as `pt-BR`. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** 8–256 characters, used exactly as sent; without a password nobody can sign in until one is set. */
  password?: string | null;
  /** Your app's own fields, which the account's owner may change; at most 16 KiB of JSON. */
  user_metadata?: Record<string, unknown> | null;
};

/** Proof of the account's owner. */
export type DeleteRequest = {
  /** The account's current password. */
  password: string;
};

/** The app to add. */
export type EnrolRequest = {
  /** The name its owner gave it. */
  name?: string;
};

/** A new authenticator app that has to be confirmed with its first code. None of this is shown again. */
export type Enrolment = {
  /** For `POST /auth/mfa/totp/confirm`. */
  id: string;
  /** A link to open on the phone. */
  otpauth_url: string;
  /** The same as a QR code for the app to scan. */
  qr_svg: string;
  /** The secret to enter in an app that cannot scan the QR code. */
  secret: string;
};

/** What was erased. */
export type ErasureReceipt = {
  /** A keyed hash of the address: with the server's secret, a given address can be checked against it. */
  email_hash: string | null;
  /** When it was erased. */
  erased_at: string;
  /** A keyed hash of the other fields, which proves that this server issued the receipt. */
  proof: string | null;
  /** What is kept, and why. */
  remains: Remainder[];
  /** The number of rows removed, by kind. */
  removed: Record<string, number>;
  /** The account's id. */
  user_id: string;
};

/** An active second factor. */
export type Factor = {
  /** When it was added. */
  created_at: string;
  /** Stable id. */
  id: string;
  /** `totp` for an authenticator app. */
  kind: string;
  /** When it was last used to sign in. */
  last_used_at: string | null;
  /** The name its owner gave it. */
  name: string | null;
};

/** The account whose password was forgotten. */
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

/** The second factors of an account. */
export type HeldFactors = {
  /** The active factors, oldest first. */
  factors: Factor[];
  /** Number of unused recovery codes. */
  recovery_codes_left: number;
};

/** The account's identity at another issuer. */
export type HeldIdentity = {
  /** Whether the issuer confirmed that the account's address belongs to this person. */
  address_proven: boolean;
  /** When it was first seen. */
  created_at: string;
  /** Its id on this server. */
  id: string;
  /** The issuer. */
  issuer: string;
  /** The person's subject id at the issuer. */
  subject: string;
};

/** A session, active or ended. */
export type HeldSession = {
  /** When it began. */
  created_at: string;
  /** Why it ended. */
  end_reason: string | null;
  /** When it ended; null while it is active. */
  ended_at: string | null;
  /** When it expires unless it is refreshed. */
  expires_at: string;
  /** Its id. */
  id: string;
  /** The client address it started from. */
  ip: string | null;
  /** When it was last refreshed. */
  last_seen_at: string;
  /** The `User-Agent` it started with. */
  user_agent: string | null;
};

/** The state of a token. */
export type Introspection = {
  /** Whether the token is active. If it is not, no other member is present. */
  active: boolean;
  /** The audience. */
  aud?: string;
  /** When it expires, in seconds since 1970. */
  exp?: number;
  /** When it was issued, in seconds since 1970. */
  iat?: number;
  /** Who issued it. */
  iss?: string;
  /** The id of the access token or API key. */
  jti?: string;
  /** The networks an API key may be used from; the resource server must check them. */
  networks?: string[];
  /** The permissions of those roles; `*` stands for all. For an API key: those within its scopes. */
  permissions?: string[];
  /** The user's current roles, for an access token or an API key. */
  roles?: string[];
  /** The current scopes of an API key, separated by spaces. */
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

/** The account to sign in to. */
export type LoginCodeRequest = {
  /** Whether an address without an account gets a code too, if registration allows it. */
  create_account?: boolean;
  /** The account's address; with open registration, any address. */
  email: string;
};

/** A sign-in. */
export type LoginRequest = {
  /** The token of a trusted device, in place of the second step. */
  device_token?: string;
  /** The account's address or, with `USERNAMES=on`, its user name; `username` is an alias. */
  email: string;
  /** The password, exactly as it was registered. */
  password: string;
};

/** A new API key, with its text. */
export type MadeKey = ApiKey & {
  /** Its text, for `Authorization: Bearer`. It is shown here and never again. */
  key: string;
};

/** The metadata of the authorization server (RFC 8414 §2). */
export type Metadata = {
  /** `refresh_token` only: the password form is for your own front end (RFC 9700 §2.4). */
  grant_types_supported: string[];
  /** The token introspection endpoint (RFC 7662). */
  introspection_endpoint: string;
  /** An access token with the permission `tokens:introspect`. */
  introspection_endpoint_auth_methods_supported: string[];
  /** The `iss` of its tokens. */
  issuer: string;
  /** The URL of the JWK set. */
  jwks_uri: string;
  /** None: there is no authorization endpoint. */
  response_types_supported: string[];
  /** The token revocation endpoint (RFC 7009). */
  revocation_endpoint: string;
  /** None: whoever has the token may revoke it. */
  revocation_endpoint_auth_methods_supported: string[];
  /** Where refresh tokens are exchanged. */
  token_endpoint: string;
  /** None: clients are public. */
  token_endpoint_auth_methods_supported: string[];
};

/** A new task. */
export type NewTask = {
  /** Whether the task is completed. `false` if absent. */
  completed?: boolean;
  /** A longer description. */
  description?: string | null;
  /** An RFC 3339 date and time, years 0001 to 9999. Without an offset it is UTC; a date alone means its first instant in UTC. */
  due_at?: string | null;
  /** Your app's own fields, at most 16 KiB of JSON. */
  metadata?: Record<string, unknown> | null;
  /** The priority. `"none"` if absent. */
  priority?: Priority;
  /** Tags to find it by, trimmed and without duplicates. */
  tags?: string[] | null;
  /** The title; stored trimmed. */
  title: string;
};

/** A passkey. Its public key and its credential id are never returned. */
export type Passkey = {
  /** Whether it is backed up, as of its last use. */
  backed_up: boolean;
  /** Whether it can be synced to several devices. */
  backup_eligible: boolean;
  /** When it was added. */
  created_at: string;
  /** Its id on this server. */
  id: string;
  /** When it was last used to sign in. */
  last_used_at: string | null;
  /** The name its owner gave it. */
  name: string;
};

/** A sign-in with a passkey. */
export type PasskeyLoginRequest = {
  /** The `ceremony` from the options. */
  ceremony: string;
  /** The credential from `navigator.credentials.get`, converted with `toJSON()`. */
  credential: Record<string, unknown>;
  /** The token of a sign-in that requires a second factor, to complete it. */
  mfa_token?: string | null;
  /** Whether to trust this device, only with `mfa_token`; see `POST /auth/mfa/verify`. `false` if absent. */
  remember_device?: boolean;
};

/** What a page needs to begin a WebAuthn ceremony. */
export type PasskeyOptions = {
  /** Send it back with the browser's credential. */
  ceremony: string;
  /** Seconds until the ceremony expires. */
  expires_in: number;
  /** The options for `navigator.credentials`, in WebAuthn's JSON form. */
  publicKey: Record<string, unknown>;
};

/** A permission of a role. */
export type Permission = "users:read" | "users:write" | "sessions:write" | "keys:write" | "roles:grant" | "roles:write" | "audit:read" | "tokens:introspect";

/** The priority of a task; stored as a number so that it sorts. */
export type Priority = "none" | "low" | "medium" | "high" | "urgent";

/** An error (RFC 9457). */
export type Problem = {
  /** The kind of error, for programs. */
  code: Code;
  /** What went wrong and what to do, for people. */
  detail: string;
  /** RFC 6749 §5.2, if the request sent a form. */
  error?: string;
  /** RFC 6749 §5.2, if the request sent a form. */
  error_description?: string;
  /** All invalid values, if there are any. */
  errors?: ProblemEntry[];
  /** The request id. Include it when you report a problem. */
  request_id: string;
  /** The HTTP status code. */
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
  /** The field as a JSON pointer (RFC 6901), if it is part of the body. */
  pointer?: string;
  /** FastAPI's error type. */
  type: string;
};

/** The published keys. */
export type PublishedKeys = {
  /** JSON web keys, public members only, each with `kid`, `alg` and `use`. */
  keys: unknown[];
};

export type ReadyzResponse = {
  /** The command to run, if one helps. */
  action?: string | null;
  /** `ok`, `unreachable`, `read_only`, `wrong_settings`, `lacks_privileges`, `occupied` (by another application's tables) or `unprotected` (row-level security is missing: run `doorward db repair`). */
  database: string;
  /** `current`, `pending` or `unknown`. */
  migrations: string;
  /** `ready` or `not_ready`. */
  status: string;
};

/** One proof of who the user is. */
export type ReauthenticateRequest = {
  /** Six digits of the authenticator app. */
  code?: string;
  /** The password, for an account without a second factor. */
  password?: string;
  /** One of the recovery codes. */
  recovery_code?: string;
};

/** Ten recovery codes. */
export type RecoveryCodes = {
  /** Each can be used once in place of the second factor. They are only shown once. */
  recovery_codes: string[];
};

/** The refresh token to exchange. */
export type RefreshRequest = {
  /** The latest one received. */
  refresh_token: string;
};

/** A new account. */
export type RegisterRequest = {
  /** Address to sign in with; unique ignoring ASCII case. */
  email: string;
  /** The user's language, as a BCP 47 tag such as `pt-BR`. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** 8–256 characters, used exactly as sent. */
  password: string;
  /** Your app's own fields, at most 16 KiB of JSON. */
  user_metadata?: Record<string, unknown> | null;
};

/** Data that is kept after an account was deleted. */
export type Remainder = {
  /** Where: `audit_log` or `backups_and_logs`. */
  place: string;
  /** The number of records, if known. */
  records: number | null;
  /** Until when it is kept; null if no end is set. */
  until: string | null;
  /** Why. */
  why: string;
};

/** The account whose address is to be verified. */
export type ResendRequest = {
  /** The account's address. */
  email: string;
};

/** The token of the link, and the new password. */
export type ResetRequest = {
  /** 8–256 characters, used exactly as sent. */
  new_password: string;
  /** The token at the end of the link in the mail. */
  token: string;
};

/** A named set of permissions. */
export type Role = {
  /** True for `admin` and `user`, which cannot be changed or deleted. */
  built_in: boolean;
  /** What it is for. */
  description: string;
  /** Its name. */
  name: string;
  /** What it allows, sorted; `*` stands for everything. */
  permissions: string[];
};

/** An active session. */
export type Session = {
  /** When it began. */
  created_at: string;
  /** True for the session of the request's token. */
  current: boolean;
  /** When it expires unless it is refreshed. */
  expires_at: string;
  /** Its id, which its tokens have in the claim `sid`. */
  id: string;
  /** The client address it started from. */
  ip: string | null;
  /** When it was last refreshed. */
  last_seen_at: string;
  /** The `User-Agent` it started with. */
  user_agent: string | null;
};

/** A sign-in, or a failed attempt. */
export type SignInRecord = {
  /** The authentication methods, if the sign-in succeeded (RFC 8176); `trusted_device` if a trusted device replaced the second step. */
  amr: string[] | null;
  /** When. */
  at: string;
  /** The browser and the operating system, if it was a browser. */
  client: string | null;
  /** The id; ids increase over time. */
  id: string;
  /** The client's address. */
  ip: string | null;
  /** The result: `signed_in`; `second_step_asked` if the first step succeeded; or why it failed: `wrong_password`, `wrong_code`, `passkey_refused`, `too_many_tries` (not checked), `not_allowed` (the account is disabled, or its address must be verified first). */
  result: string;
  /** The session that it started. */
  session_id: string | null;
  /** The number of attempts, if those of a minute were counted together. */
  times: number;
  /** The client's `User-Agent`. */
  user_agent: string | null;
};

/** One task of one user. */
export type Task = {
  /** Whether it is completed. */
  completed: boolean;
  /** When it was completed; null if it is not. */
  completed_at: string | null;
  /** When it was created. */
  created_at: string;
  /** A longer description. */
  description: string | null;
  /** When it is due, in UTC. */
  due_at: string | null;
  /** The task's id, a UUIDv7. */
  id: string;
  /** Your app's own fields. */
  metadata: Record<string, unknown>;
  /** The priority. */
  priority: Priority;
  /** Tags to find it by. */
  tags: string[];
  /** The title. */
  title: string;
  /** When it last changed. */
  updated_at: string;
  /** Its owner. */
  user_id: string;
};

/** The changes; absent fields keep their values. */
export type TaskChanges = {
  /** Whether it is completed. */
  completed?: boolean;
  /** A longer description; null clears it. */
  description?: string | null;
  /** An RFC 3339 date and time, years 0001 to 9999. Without an offset it is UTC; a date alone means its first instant in UTC. Null clears it. */
  due_at?: string | null;
  /** Changes to your app's own fields, as a merge patch: absent names keep their values, null removes a name. Null instead of an object removes all. */
  metadata?: Record<string, unknown> | null;
  /** The priority. */
  priority?: Priority;
  /** The new tags; null clears them. */
  tags?: string[] | null;
  /** The title. */
  title?: string;
};

/** Whether the task is completed. */
export type TaskCompletion = {
  /** Whether the task is completed; toggled if absent. */
  completed?: boolean;
};

/** Numbers of tasks. */
export type TaskStats = {
  /** Done. */
  completed: number;
  /** Open and past their due date. */
  overdue: number;
  /** Open. */
  pending: number;
  /** All of them. */
  total: number;
};

/** The token to introspect or revoke. */
export type TokenRequest = {
  /** An access token, a refresh token or an API key. */
  token: string;
  /** Ignored: the kind of token is recognised. */
  token_type_hint?: string | null;
};

/** The tokens of a session. */
export type Tokens = {
  /** For `Authorization: Bearer`. */
  access_token: string;
  /** Seconds until the trust in the device expires. */
  device_expires_in?: number;
  /** The token of a device that was made trusted: sent with the next sign-in, it replaces the second step. It is only returned once. */
  device_token?: string;
  /** Seconds until the access token expires. */
  expires_in: number;
  /** Seconds until the session expires unless it is refreshed. */
  refresh_expires_in: number;
  /** For `POST /auth/refresh`, once. */
  refresh_token: string;
  /** Always `bearer`. */
  token_type: string;
  /** The signed-in user. */
  user: User;
};

/** A device whose sign-ins need no second step. */
export type TrustedDevice = {
  /** When it was trusted. */
  created_at: string;
  /** When the trust expires, however often it is used. */
  expires_at: string;
  /** Stable id. */
  id: string;
  /** The client address it was trusted from. */
  ip: string | null;
  /** When it last replaced the second step. */
  last_used_at: string | null;
  /** The browser and operating system, or the program, that was trusted. */
  name: string;
};

/** The token of the link to undo a change. */
export type UndoEmailRequest = {
  /** The token at the end of the link in the mail. */
  token: string;
};

/** A token to set a new password after an address change was undone. */
export type Undone = {
  /** Seconds until it expires. */
  expires_in: number;
  /** For `POST /auth/password/reset`, once. */
  reset_token: string;
};

/** A new name for a passkey. */
export type UpdatePasskeyRequest = {
  /** 1–100 characters. */
  name: string;
};

/** The changes; absent fields keep their values, null clears a field. */
export type UpdateRequest = {
  /** The user's language, as a BCP 47 tag; null clears it. */
  locale?: string | null;
  /** Display name. */
  name?: string | null;
  /** Changes to your app's own fields, as a merge patch: absent names keep their values, null removes a name. Null instead of an object removes all. */
  user_metadata?: Record<string, unknown> | null;
};

/** The changes to a role; absent fields keep their values. */
export type UpdateRoleRequest = {
  /** What it is for. */
  description?: string | null;
  /** All permissions it has from now on. */
  permissions?: Permission[] | null;
};

/** The changes; absent fields keep their values. */
export type UpdateUserRequest = {
  /** The same for the fields that only administrators may change. */
  app_metadata?: Record<string, unknown> | null;
  /** The reason, shown to administrators only; null clears it. */
  ban_reason?: string | null;
  /** Bans the user until this time, `9999-12-31T23:59:59Z` for ever, and ends all sessions; null lifts the ban. */
  banned_until?: string | null;
  /** Whether the address is verified. */
  email_verified?: boolean;
  /** False disables the account and ends its sessions. */
  is_active?: boolean;
  /** The user's language, as a BCP 47 tag; null clears it. */
  locale?: string | null;
  /** Display name; null clears it. */
  name?: string | null;
  /** Changes to the fields that the account's owner may change too, as a merge patch: absent names keep their values, null removes a name. Null instead of an object removes all. */
  user_metadata?: Record<string, unknown> | null;
};

/** An account. */
export type User = {
  /** Your app's own fields, which only administrators may change. */
  app_metadata: Record<string, unknown>;
  /** When the account was created. */
  created_at: string;
  /** As entered at registration; null if an external identity provider gave none. */
  email: string | null;
  /** Whether the address is verified. */
  email_verified: boolean;
  /** Stable id. */
  id: string;
  /** Whether the account is active; false if it is disabled. */
  is_active: boolean;
  /** The user's language, as a BCP 47 tag. */
  locale: string | null;
  /** Display name. */
  name: string | null;
  /** Role names, sorted. */
  roles: string[];
  /** When it was last changed. */
  updated_at: string;
  /** Your app's own fields, which the account's owner may change. */
  user_metadata: Record<string, unknown>;
};

/** All data stored about a user. It is streamed piece by piece, so this type is never constructed. */
export type UserExport = {
  /** API keys, without the keys themselves, which are not stored. */
  api_keys: ApiKey[];
  /** The audit log's records about the user, and those of the user's actions, newest first each. */
  audit: AuditEntry[];
  /** Always true, and the last member: a document without it is incomplete. */
  complete: boolean;
  /** When the export started. */
  exported_at: string;
  /** Authenticator apps, without their secrets. */
  factors: Factor[];
  /** Always `doorward-user`. */
  format: string;
  /** The user's identities at other issuers. */
  identities: HeldIdentity[];
  /** The passkeys, without their keys. */
  passkeys: Passkey[];
  /** The number of unused recovery codes; the codes are not stored. */
  recovery_codes_left: number;
  /** Sessions, including those that ended in the last month. */
  sessions: HeldSession[];
  /** The tasks, oldest first. */
  tasks: Task[];
  /** Trusted devices, without their tokens, which are not stored. */
  trusted_devices: TrustedDevice[];
  /** The account with its roles and metadata. */
  user: AdminUser;
  /** The version of the format: 1. */
  version: number;
};

/** The code with its address, or the token of the link. */
export type VerifyCodeRequest = {
  /** The challenge that was returned when the code was requested. Without it, the code is only accepted from the network address that requested it. */
  challenge?: string | null;
  /** The six digits. */
  code?: string | null;
  /** The token of a trusted device, in place of the second step. */
  device_token?: string;
  /** The address that the code was sent to. */
  email?: string | null;
  /** The token at the end of the link in the mail, instead of address and code. */
  token?: string | null;
};

/** The token of a link in a mail. */
export type VerifyEmailRequest = {
  /** The token at the end of the link in the mail. */
  token: string;
};

/** The second step of a sign-in: one of the two codes. */
export type VerifyRequest = {
  /** Six digits of the authenticator app. */
  code?: string;
  /** The token that the first step returned. */
  mfa_token: string;
  /** One of the recovery codes. */
  recovery_code?: string;
  /** Whether to trust this device, so that its next sign-ins need no second step. If that is enabled (`TRUSTED_DEVICES`), the response has a `device_token`. `false` if absent. */
  remember_device?: boolean;
};

export type UsersAuditQuery = {
  /** Only this event, such as `login` */
  event?: string;
  /** `success`, `failure`, `blocked` or `denied` */
  outcome?: string;
  /** Only events caused by this user */
  actor?: string;
  /** Only events about this user */
  user?: string;
  /** Only events from this address */
  ip?: string;
  /** Only events of this request */
  request_id?: string;
  /** Only events at this time or later */
  since?: string;
  /** Only events before this time */
  until?: string;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** The cursor from the `Link` header of the previous page */
  cursor?: string;
};

export type UsersListQuery = {
  /** Only addresses that contain this text, ignoring case */
  email?: string;
  /** Only users with this role */
  role?: string;
  /** Only active users, or only disabled ones */
  is_active?: boolean;
  /** Only service accounts, or only people */
  is_service?: boolean;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** The cursor from the `Link` header of the previous page */
  cursor?: string;
  /** Number of entries to skip; not with `cursor` */
  offset?: number;
  /** Whether to send the total number of matching entries in `X-Total-Count` */
  total?: boolean;
};

export type TasksListQuery = {
  /** Only completed tasks, or only open ones */
  completed?: boolean;
  /** Only tasks of this priority */
  priority?: Priority;
  /** Only tasks due before this time */
  due_before?: string;
  /** Only tasks due after this time */
  due_after?: string;
  /** Only tasks whose title or description contains this text, ignoring case */
  q?: string;
  /** Only tasks with exactly this tag */
  tag?: string;
  /** `created_at` (default), `updated_at`, `due_at`, `title` or `priority`; prefix it with `-` for
descending order */
  sort?: string;
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** The cursor from the `Link` header of the previous page */
  cursor?: string;
  /** Number of entries to skip; not with `cursor` */
  offset?: number;
  /** Whether to send the total number of matching entries in `X-Total-Count` */
  total?: boolean;
};

export type SessionsLogoutQuery = {
  /** `others` or `all`; this session if absent */
  scope?: string;
};

export type SessionsSignInsQuery = {
  /** Maximum number of entries in a page, 100 by default */
  limit?: number;
  /** The cursor from the `Link` header of the previous page */
  cursor?: string;
};
