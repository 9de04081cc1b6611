// One call over HTTP: address, body, deadline, and the waits that the server asks for.

import { DoorwardError, errorOf } from "./error.js";
import { pause } from "./lock.js";

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What every method takes last. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** Undefined is left out; a list is a parameter for each. */
  query?: Record<string, unknown>;
  headers?: Record<string, string | undefined>;
  /** Made anew for each try. */
  body?: (() => unknown) | undefined;
  token?: string;
  /** Whether to send it again when no answer came: doing it twice does no more than doing it once. */
  again?: boolean;
}

export interface Answer {
  headers: Headers;
  /** The JSON, if there is any. */
  body: unknown;
}

/** Waits between tries when no answer came, in milliseconds. */
const BETWEEN_TRIES = [300, 1000];
const TRIES_WHEN_BUSY = 2;

export class Transport {
  readonly #baseUrl: string;
  readonly #fetch: Fetch | undefined;
  readonly #timeout: number;
  readonly #maxWait: number;

  constructor(baseUrl: string, options: { fetch?: Fetch | undefined; timeout: number; maxWait: number }) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#fetch = options.fetch;
    this.#timeout = options.timeout;
    this.#maxWait = options.maxWait;
  }

  /** The answer, if it is 2xx or 304; all else is a {@link DoorwardError}. */
  async send(call: Call): Promise<Answer> {
    let busy = 0;
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(call);
      } catch (error) {
        const wait = this.#waitBeforeAnother(call, error, tries, busy);
        if (wait === undefined) throw error;
        if (error instanceof DoorwardError && error.status > 0) busy++;
        await abortable(pause(wait), call.signal);
      }
    }
  }

  /**
   * How long to wait before the call may be sent again; undefined if it must not be. 429 is decided before
   * anything is done. A 503 may come after the work, so only calls that may be done twice are repeated.
   */
  #waitBeforeAnother(call: Call, error: unknown, tries: number, busy: number): number | undefined {
    if (!(error instanceof DoorwardError)) return undefined;
    const mayRepeat = call.again || call.method === "GET";
    if (error.code === "network") return call.again ? BETWEEN_TRIES[tries - busy] : undefined;
    if (error.status !== 429 && !(error.status === 503 && mayRepeat)) return undefined;
    const { retryAfter } = error;
    const fits = retryAfter !== undefined && retryAfter <= this.#maxWait && busy < TRIES_WHEN_BUSY;
    return fits ? retryAfter * 1000 + 100 * Math.random() : undefined;
  }

  async #once(call: Call): Promise<Answer> {
    call.signal?.throwIfAborted();
    const headers: Record<string, string> = { Accept: "application/json" };
    for (const [name, value] of Object.entries(call.headers ?? {})) if (value !== undefined) headers[name] = value;
    if (call.token !== undefined) headers["Authorization"] = `Bearer ${call.token}`;
    const init: RequestInit = { method: call.method, headers, redirect: "manual" };
    if (call.body) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(await call.body());
    }
    const ended = new AbortController();
    const end = () => ended.abort(call.signal?.reason);
    call.signal?.addEventListener("abort", end);
    const timer = setTimeout(() => ended.abort(), this.#timeout);
    try {
      const send: Fetch = this.#fetch ?? globalThis.fetch;
      const response = await send(this.#baseUrl + call.path + queryOf(call.query), { ...init, signal: ended.signal });
      if (!response.ok && response.status !== 304) throw await errorOf(response);
      const text = await response.text();
      return { headers: response.headers, body: text === "" ? undefined : parsed(text, response.status) };
    } catch (error) {
      if (error instanceof DoorwardError) throw error;
      call.signal?.throwIfAborted();
      throw new DoorwardError(0, "network", "The server cannot be reached, or its answer was lost.", { cause: error });
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", end);
    }
  }
}

function queryOf(query: Call["query"]): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) text.append(name, String(each));
  }
  const sent = text.toString();
  return sent === "" ? "" : `?${sent}`;
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DoorwardError(status, "unexpected", "The answer is not JSON.", { cause });
  }
}

/** The promise, unless the signal ends first; what it stands for goes on. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  signal.throwIfAborted();
  let end = () => {};
  const aborted = new Promise<never>((_, reject) => {
    end = () => reject(signal.reason);
    signal.addEventListener("abort", end);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
