// One refresh at a time, also across the tabs that share a storage.

import type { TokenStore } from "./storage.js";

/** How long others wait for whoever holds the lock, in milliseconds; past it they go ahead. */
const PATIENCE = 20_000;
/** How long a lock is kept once the work is done: what one tab writes reaches the others a moment later. */
const LINGER = 100;
/** How long a lease counts: whoever held it may have been closed. */
const LEASE_LIFE = 5_000;
const LEASE = "lock";

/**
 * Runs `work` while nobody else who shares the storage does: by Web Locks, else by a lease in the storage.
 * A lease is no perfect lock, and need not be: the server lets two refreshes at once agree on one
 * successor. Nor may a lock that never comes hold anybody up. `waited` says whether somebody else had it.
 */
export async function alone<T>(store: TokenStore, work: (waited: boolean) => Promise<T>): Promise<T> {
  if (!store.isShared) return await work(false);
  const locks = webLocks();
  if (!locks) return await leased(store, work);
  const held = await new Promise<Held | undefined>((resolve) => {
    const take = (lock: Lock | null, waited: boolean) =>
      lock ? new Promise<void>((release) => resolve({ waited, release })) : undefined;
    const failed = () => resolve(undefined);
    locks
      .request(store.key, { ifAvailable: true }, async (lock) => {
        if (lock) return await take(lock, false);
        const patience = new AbortController();
        const timer = setTimeout(() => patience.abort(), PATIENCE);
        const next = locks.request(store.key, { signal: patience.signal }, (lock) => {
          clearTimeout(timer);
          return take(lock, true);
        });
        next.catch(failed);
      })
      .catch(failed);
  });
  try {
    return await work(held?.waited ?? true);
  } finally {
    if (held) setTimeout(held.release, LINGER);
  }
}

interface Held {
  waited: boolean;
  release: () => void;
}

/** Absent in pages that are not served securely, and in older Node. */
function webLocks(): LockManager | undefined {
  return typeof navigator === "undefined" ? undefined : navigator.locks;
}

async function leased<T>(store: TokenStore, work: (waited: boolean) => Promise<T>): Promise<T> {
  let waited = false;
  const mine = Math.random().toString(36).slice(2);
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(40 + 40 * Math.random())) {
    const [holder, until] = ((await store.note(LEASE)) ?? "").split(":");
    if (holder && holder !== mine && Number(until) > Date.now()) {
      waited = true;
      continue;
    }
    if (holder === mine) break;
    // Whoever writes last holds it, once all who saw it free have written.
    await store.setNote(LEASE, `${mine}:${Date.now() + LEASE_LIFE}`);
  }
  try {
    return await work(waited);
  } finally {
    if ((await store.note(LEASE))?.startsWith(`${mine}:`)) await store.setNote(LEASE, null);
  }
}

/** Resolves after this time. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
