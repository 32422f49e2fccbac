import { Lor2cError } from "../errors.js";
import { hasLost, reapLost } from "./lease.js";
import { openStore, type Store } from "./store.js";

/**
 * Opens for looking. A run whose runner was killed must not look as if it were running, so such attempts are marked
 * `lost` first: the only write a viewing command does, and only when there is something to mark.
 */
export function openReader(path: string): Store {
  const store = openStore(path, { readonly: true });
  if (!hasLost(store)) return store;
  try {
    const writer = openStore(path);
    try {
      reapLost(writer);
    } finally {
      writer.close();
    }
  } catch (error) {
    // Somebody else's database, to which we may not write: it is shown as it is stored.
    const mayNotWrite = error instanceof Lor2cError && /^DATABASE_(READONLY|CANNOT_OPEN)$/.test(error.code);
    if (!mayNotWrite) {
      store.close();
      throw error;
    }
  }
  return store;
}
