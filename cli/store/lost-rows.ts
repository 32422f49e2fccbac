import { Lor2cError } from "../errors.js";
import type { Store } from "./store.js";

/** Something deleted the row of an attempt in training, so that its events cannot be stored. */
export function attemptGone(store: Store, id: number): Lor2cError {
  return new Lor2cError(
    "ATTEMPT_GONE",
    `the row of attempt ${id}, which is in training, is no longer in ${store.path}`,
    "delete runs with lor2c rm, which refuses to delete runs in training",
  );
}
