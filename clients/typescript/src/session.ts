// Who is signed in: tokens that are refreshed once for all who wait, in this tab and in others.

import type { Tokens } from "./contract.js";
import { DoorwardError, notSignedIn } from "./error.js";
import { alone, pause } from "./lock.js";
import type { KeptTokens, TokenStore } from "./storage.js";
import { abortable, type Answer, type Call, type Transport } from "./transport.js";

/**
 * Why nobody is signed in any more: by a call of this client, because the session ended at the server
 * (it ran out, was ended from elsewhere, or its account was), or in another tab.
 */
export type SignedOutBy = "this_client" | "server" | "other_tab";

/** What a refresh may help against. */
const STALE = ["token_expired", "invalid_token", "unexpected"];

export class Session {
  readonly #store: TokenStore;
  readonly #transport: Transport;
  readonly #authPath: string;
  readonly #onSignedOut: ((by: SignedOutBy) => void) | undefined;
  #refreshing: Promise<KeptTokens | null> | undefined;

  constructor(
    store: TokenStore,
    transport: Transport,
    authPath: string,
    onSignedOut: ((by: SignedOutBy) => void) | undefined,
  ) {
    this.#store = store;
    this.#transport = transport;
    this.#authPath = authPath;
    this.#onSignedOut = onSignedOut;
  }

  /** Whether there are tokens. */
  async isThere(): Promise<boolean> {
    return (await this.#store.read()) !== null;
  }

  /** Signed in from now on. */
  async begin(tokens: Tokens): Promise<void> {
    await this.#store.write(tokens);
  }

  /** Signed out from now on, whatever the server says. */
  async end(by: SignedOutBy): Promise<void> {
    if (!(await this.#store.read())) return;
    await this.#store.remove();
    this.#onSignedOut?.(by);
  }

  /**
   * An access token that counts, refreshed if it is about to end or is the `refused` one; null if nobody
   * is signed in. A refresh that fails for want of an answer leaves people signed in.
   */
  async accessToken(refused?: string): Promise<string | null> {
    const kept = await this.#store.read();
    if (!kept || isFresh(kept, refused)) return kept?.access_token ?? null;
    this.#refreshing ??= alone(this.#store, (waited) => this.#refresh(refused, waited)).finally(() => {
      this.#refreshing = undefined;
    });
    try {
      return (await this.#refreshing)?.access_token ?? null;
    } catch (error) {
      // Refreshed early: what is there still counts.
      if (kept.access_token !== refused && Date.now() < kept.expires_at) return kept.access_token;
      throw error;
    }
  }

  async #refresh(refused: string | undefined, waited: boolean): Promise<KeptTokens | null> {
    let kept = await this.#store.read();
    // Whoever was first has written by now, but it may take a moment to be read here.
    for (let looks = 0; waited && looks < 10 && kept && !isFresh(kept, refused); looks++) {
      await pause(30);
      kept = await this.#store.read();
    }
    if (!kept || isFresh(kept, refused)) return kept;
    let sent = kept.refresh_token;
    const body = async () => {
      // Whoever is signed in now may be another, or a step further.
      sent = (await this.#store.read())?.refresh_token ?? sent;
      return { refresh_token: sent };
    };
    try {
      // If the answer was lost, the server gives the same successor to the same token again.
      const answer = await this.#transport.send({
        method: "POST", path: `${this.#authPath}/refresh`, body, again: true,
      });
      const now = await this.#store.read();
      // Signed out, or in anew, while the answer was on its way: that counts.
      return now?.refresh_token === sent ? await this.#store.write(answer.body as Tokens) : now;
    } catch (error) {
      if (!(error instanceof DoorwardError && error.status === 401)) throw error;
      const now = await this.#store.read();
      if (now?.refresh_token !== sent) return now;
      await this.end("server");
      return null;
    }
  }

  /** Sends a call as whoever is signed in; once more with a new token if the first is refused. */
  async send(call: Call): Promise<Answer> {
    const token = await abortable(this.accessToken(), call.signal);
    if (token === null) throw notSignedIn();
    try {
      return await this.#transport.send({ ...call, token });
    } catch (error) {
      if (!(error instanceof DoorwardError) || error.status !== 401 || !STALE.includes(error.code)) throw error;
      const next = await abortable(this.accessToken(token), call.signal);
      if (next === null || next === token) throw error;
      return await this.#transport.send({ ...call, token: next });
    }
  }

  /**
   * Ends the session here at once, then at the server, by its refresh token (RFC 7009), which needs no
   * access token that still counts. If the server cannot be reached that is an error, and its session
   * goes on until it runs out.
   */
  async signOut(): Promise<void> {
    const kept = await this.#store.read();
    if (!kept) return;
    await this.end("this_client");
    const body = () => ({ token: kept.refresh_token });
    await this.#transport.send({ method: "POST", path: `${this.#authPath}/revoke`, body, again: true });
  }
}

function isFresh(kept: KeptTokens, refused: string | undefined): boolean {
  return kept.access_token !== refused && Date.now() < kept.refresh_at;
}
