// The client: what can be set, and every call.

import type {
  ChangeEmailRequest, ChangeRequest, LoginRequest, RegisterRequest, ResetRequest, Session as SignedInSession, Tokens,
  Undone, UpdateRequest, User,
} from "./contract.js";
import { Session, type SignedOutBy } from "./session.js";
import { type StorageChoice, TokenStore } from "./storage.js";
import { Tasks } from "./tasks.js";
import { type CallOptions, type Fetch, Transport } from "./transport.js";

export interface ClientOptions {
  /** Where the server is: `https://auth.example.com`, or `""` for the page's own origin. */
  baseUrl: string;
  /** Where tokens are kept; `memory` if absent. */
  storage?: StorageChoice;
  /** The name they are kept under; made from `baseUrl` if absent. */
  storageKey?: string;
  /** The server's `AUTH_PATH`; `/auth` if absent. */
  authPath?: string;
  /** The server's `TASKS_PATH`, with or without `{user_id}`; `/api/tasks` if absent. */
  tasksPath?: string;
  /** Sends requests; the global one if absent. */
  fetch?: Fetch;
  /** How long an answer may take, in milliseconds; 15 000 if absent. */
  timeout?: number;
  /** The longest wait that the server may ask for before another try, in seconds; 5 if absent. Longer ones are errors at once. */
  maxWait?: number;
  /** Called once whenever nobody is signed in any more. */
  onSignedOut?: (by: SignedOutBy) => void;
}

export class DoorwardClient {
  readonly tasks: Tasks;
  readonly sessions: Sessions;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #authPath: string;
  readonly #close: () => void;

  /** @internal */
  constructor(options: ClientOptions) {
    const { baseUrl, fetch, timeout = 15_000, maxWait = 5, onSignedOut, authPath = "/auth" } = options;
    const store = new TokenStore(options.storage ?? "memory", options.storageKey ?? `doorward:${baseUrl}`);
    this.#authPath = authPath.replace(/\/+$/, "");
    this.#transport = new Transport(baseUrl, { fetch, timeout, maxWait });
    this.#session = new Session(store, this.#transport, this.#authPath, onSignedOut);
    this.tasks = new Tasks(this.#session, (options.tasksPath ?? "/api/tasks").replace(/\/+$/, ""));
    this.sessions = new Sessions(this.#session, this.#authPath);
    this.#close = onSignedOut && store.isLocalStorage ? watchOtherTabs(store.key, onSignedOut) : () => {};
  }

  /** Makes an account. Whether that signs in too is up to the server's settings. */
  async register(account: RegisterRequest, options: CallOptions = {}): Promise<User> {
    const answer = await this.#anonymous("/register", account, options);
    const made = answer as User & Partial<Tokens> & { user?: User };
    if (made.access_token !== undefined) await this.#session.begin(made as unknown as Tokens);
    return made.user ?? made;
  }

  /** Signs in. A wrong password is an error with the code `invalid_credentials`. */
  async login(credentials: LoginRequest, options: CallOptions = {}): Promise<Tokens> {
    const tokens = (await this.#anonymous("/login", credentials, options)) as Tokens;
    await this.#session.begin(tokens);
    return tokens;
  }

  /**
   * Signs out: here at once, and at the server. `others` ends all sessions but this one, `all` this one too;
   * both need an answer of the server to count.
   */
  async logout({ scope, signal }: CallOptions & { scope?: "others" | "all" } = {}): Promise<void> {
    if (scope === undefined) return await this.#session.signOut();
    await this.#session.send({ method: "POST", path: `${this.#authPath}/logout`, query: { scope }, signal });
    if (scope === "all") await this.#session.end("this_client");
  }

  /** Whoever is signed in. */
  async me(options: CallOptions = {}): Promise<User> {
    return (await this.#session.send({ method: "GET", path: `${this.#authPath}/me`, ...options })).body as User;
  }

  async updateMe(changes: UpdateRequest, options: CallOptions = {}): Promise<User> {
    const call = { method: "PATCH", path: `${this.#authPath}/me`, body: () => changes } as const;
    return (await this.#session.send({ ...call, ...options })).body as User;
  }

  /** Deletes the account and all that is its own; the password must be right. */
  async deleteMe(password: string, options: CallOptions = {}): Promise<void> {
    const body = () => ({ password });
    await this.#session.send({ method: "POST", path: `${this.#authPath}/me/delete`, body, ...options });
    await this.#session.end("this_client");
  }

  /** Changes the password and ends the other sessions. A wrong present one has the code `wrong_password`. */
  async changePassword(change: ChangeRequest, options: CallOptions = {}): Promise<void> {
    const body = () => change;
    await this.#session.send({ method: "POST", path: `${this.#authPath}/password`, body, ...options });
  }

  /** Asks for a mail with a link to set a new password. The answer is the same for every address. */
  async forgotPassword(email: string, options: CallOptions = {}): Promise<void> {
    await this.#anonymous("/password/forgot", { email }, options);
  }

  /** Sets a password by the token of the link; every session ends. A link that no longer works has the code `invalid_link`. */
  async resetPassword(reset: ResetRequest, options: CallOptions = {}): Promise<void> {
    await this.#anonymous("/password/reset", reset, options);
  }

  /** Proves an address by the token of the link, or makes the change of address that was asked for. */
  async verifyEmail(token: string, options: CallOptions = {}): Promise<void> {
    await this.#anonymous("/email/verify", { token }, options);
  }

  /** Asks for another link to prove an address. The answer is the same for every address. */
  async resendVerification(email: string, options: CallOptions = {}): Promise<void> {
    await this.#anonymous("/email/resend", { email }, options);
  }

  /** Asks for another address. It changes once the link in the mail to the new one is used. */
  async changeEmail(change: ChangeEmailRequest, options: CallOptions = {}): Promise<void> {
    const body = () => change;
    await this.#session.send({ method: "POST", path: `${this.#authPath}/email`, body, ...options });
  }

  /** Takes a change of address back by the token of the link; `reset_token` sets a new password. */
  async undoEmailChange(token: string, options: CallOptions = {}): Promise<Undone> {
    return (await this.#anonymous("/email/undo", { token }, options)) as Undone;
  }

  /**
   * An access token that counts, for requests by other means: put it into `Authorization: Bearer …` and ask
   * again for each request. Null if nobody is signed in.
   */
  async getAccessToken(): Promise<string | null> {
    return await this.#session.accessToken();
  }

  /** Whether somebody is signed in, as far as the storage knows. */
  async isSignedIn(): Promise<boolean> {
    return await this.#session.isThere();
  }

  /** Stops watching other tabs. */
  close(): void {
    this.#close();
  }

  /** No token goes with these, so a 401 is about the credentials and refreshes nothing. */
  async #anonymous(path: string, body: unknown, options: CallOptions): Promise<unknown> {
    const call = { method: "POST", path: this.#authPath + path, body: () => body } as const;
    return (await this.#transport.send({ ...call, ...options })).body;
  }
}

/** Where the account is signed in. */
export class Sessions {
  readonly #session: Session;
  readonly #path: string;

  /** @internal */
  constructor(session: Session, authPath: string) {
    this.#session = session;
    this.#path = `${authPath}/sessions`;
  }

  async list(options: CallOptions = {}): Promise<SignedInSession[]> {
    return (await this.#session.send({ method: "GET", path: this.#path, ...options })).body as SignedInSession[];
  }

  /** Ends one. */
  async end(id: string, options: CallOptions = {}): Promise<void> {
    await this.#session.send({ method: "DELETE", path: `${this.#path}/${encodeURIComponent(id)}`, ...options });
  }

  /** Ends all but this one. */
  async endOthers(options: CallOptions = {}): Promise<void> {
    await this.#session.send({ method: "DELETE", path: this.#path, ...options });
  }
}

/** A client of one server. It touches no global before it is needed, so modules may make one on a server too. */
export function createClient(options: ClientOptions): DoorwardClient {
  return new DoorwardClient(options);
}

/** Tells when another tab removes the tokens. */
function watchOtherTabs(key: string, onSignedOut: (by: SignedOutBy) => void): () => void {
  if (typeof addEventListener !== "function") return () => {};
  const changed = (event: StorageEvent) => {
    const cleared = event.key === null || (event.key === key && event.oldValue !== null && event.newValue === null);
    if (cleared) onSignedOut("other_tab");
  };
  addEventListener("storage", changed);
  return () => removeEventListener("storage", changed);
}
