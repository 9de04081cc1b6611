// One refresh at a time, also across the tabs that share a storage.

import type { TokenStore } from "./storage.js";

/** How long others wait for whoever holds the lock, in milliseconds; past it they go ahead. */
const PATIENCE = 20_000;
/** How long a lease counts: whoever held it may have been closed. */
const LEASE_LIFE = 5_000;
const LEASE = "lock";

/**
 * Runs `work` while nobody else who shares the storage does: by Web Locks, else by a lease in the storage.
 * A lease is no perfect lock, and need not be: the server lets two refreshes at once agree on one
 * successor. Nor may a lock that never comes hold anybody up.
 */
export async function alone<T>(store: TokenStore, work: () => Promise<T>): Promise<T> {
  if (!store.isShared) return await work();
  const locks = webLocks();
  if (!locks) return await leased(store, work);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE);
  let began = false;
  try {
    return await locks.request(store.key, { signal: waiting.signal }, () => {
      began = true;
      clearTimeout(timer);
      return work();
    });
  } catch (error) {
    if (began) throw error;
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Absent in pages that are not served securely, and in older Node. */
function webLocks(): LockManager | undefined {
  return typeof navigator === "undefined" ? undefined : navigator.locks;
}

async function leased<T>(store: TokenStore, work: () => Promise<T>): Promise<T> {
  const mine = Math.random().toString(36).slice(2);
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(40 + 40 * Math.random())) {
    const [holder, until] = ((await store.note(LEASE)) ?? "").split(":");
    if (holder && holder !== mine && Number(until) > Date.now()) continue;
    if (holder === mine) break;
    // Whoever writes last holds it, once all who saw it free have written.
    await store.setNote(LEASE, `${mine}:${Date.now() + LEASE_LIFE}`);
  }
  try {
    return await work();
  } finally {
    if ((await store.note(LEASE))?.startsWith(`${mine}:`)) await store.setNote(LEASE, null);
  }
}

/** Resolves after this time. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
