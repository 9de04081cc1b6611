// Where the tokens of a session are kept.

import type { Tokens } from "./contract.js";

/** What keeps texts by name: `localStorage` itself, React Native's AsyncStorage, or your own. */
export interface TextStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/**
 * `memory` forgets on reload and is read by no other script that only reads storage; `localStorage`
 * keeps people signed in over reloads and across tabs. On a server, where there is no `localStorage`,
 * that one keeps nothing: make a client for each request, with `memory` or with a storage of your own.
 */
export type StorageChoice = "memory" | "localStorage" | TextStorage;

/** A session's tokens as they are kept. */
export interface KeptTokens {
  access_token: string;
  refresh_token: string;
  /** When to refresh, in milliseconds since 1970 by this machine's clock. */
  refresh_at: number;
  /** When the access token ends, by the same clock. */
  expires_at: number;
}

/** One session in a storage. Storage is the truth: whatever another tab wrote counts from the next call. */
export class TokenStore {
  readonly key: string;
  /** Whether other tabs or processes may use the same tokens. */
  readonly isShared: boolean;
  readonly #texts: TextStorage | undefined;

  constructor(choice: StorageChoice, key: string) {
    this.key = key;
    this.isShared = choice !== "memory";
    this.#texts = choice === "memory" ? memory() : choice === "localStorage" ? localStorageIfAny() : choice;
  }

  /** Whether the tokens are in this page's or this machine's `localStorage`, which other tabs share. */
  get isLocalStorage(): boolean {
    return this.#texts !== undefined && this.#texts === localStorageIfAny();
  }

  async read(): Promise<KeptTokens | null> {
    return parsed((await this.#texts?.getItem(this.key)) ?? null);
  }

  async write(tokens: Tokens): Promise<KeptTokens> {
    const kept = toKeep(tokens);
    await this.#texts?.setItem(this.key, JSON.stringify(kept));
    return kept;
  }

  async remove(): Promise<void> {
    await this.#texts?.removeItem(this.key);
  }

  /** A text beside the tokens. */
  async note(name: string): Promise<string | null> {
    return (await this.#texts?.getItem(`${this.key}.${name}`)) ?? null;
  }

  async setNote(name: string, value: string | null): Promise<void> {
    const key = `${this.key}.${name}`;
    await (value === null ? this.#texts?.removeItem(key) : this.#texts?.setItem(key, value));
  }
}

/** Refreshed a little early, so that a token does not end on its way: half a minute, or a tenth of its life. */
function toKeep({ access_token, refresh_token, expires_in }: Tokens): KeptTokens {
  const early = Math.min(30, expires_in / 10);
  const expires_at = Date.now() + expires_in * 1000;
  return { access_token, refresh_token, refresh_at: expires_at - early * 1000, expires_at };
}

function parsed(text: string | null): KeptTokens | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as Partial<KeptTokens> | null;
    const { access_token, refresh_token, refresh_at, expires_at } = kept ?? {};
    if (typeof access_token !== "string" || typeof refresh_token !== "string") return null;
    return { access_token, refresh_token, refresh_at: Number(refresh_at) || 0, expires_at: Number(expires_at) || 0 };
  } catch {
    return null;
  }
}

function memory(): TextStorage {
  const texts = new Map<string, string>();
  return {
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => void texts.set(key, value),
    removeItem: (key) => void texts.delete(key),
  };
}

/** Reading the property throws where the browser refuses storage. */
function localStorageIfAny(): TextStorage | undefined {
  try {
    return globalThis.localStorage ?? undefined;
  } catch {
    return undefined;
  }
}
