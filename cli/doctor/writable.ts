import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { nearestExisting } from "../../scripts/env/worker-env.mjs";
import { messageOf } from "../errors.js";
import { discard } from "../files.js";

/** Why nothing can be written into `folder`, or into the nearest folder above it that exists; undefined: it can. */
export function whyNotWritable(folder: string): string | undefined {
  const existing = nearestExisting(folder);
  try {
    // A check of the mode would succeed for root on a read-only disk.
    discard(mkdtempSync(join(existing, ".lor2c-")));
    return undefined;
  } catch (error) {
    return `cannot write in ${existing} (${messageOf(error)})`;
  }
}
