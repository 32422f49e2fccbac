import { bytesOf, discard } from "../files.js";
import { refuseEvaluated } from "./evaluations.js";
import type { Store } from "./store.js";

/** How many evaluations are gone; bytes of their files; a line for each file that could not be deleted. */
interface ModelRemoval {
  evaluations: number;
  fileBytes: number;
  problems: string[];
}

/** Deletes the evaluations of an untuned model with their files. Throws UsageError while a process carries one out. */
export function removeModel(store: Store, model: string): ModelRemoval {
  const folders = store.write(() => {
    const found = store
      .prepare("SELECT key, folder FROM evaluations WHERE model = ? AND adapter_hash IS NULL")
      .all(model) as { key: string; folder: string }[];
    for (const { key } of found) refuseEvaluated(store, key, model);
    const remove = store.prepare("DELETE FROM evaluations WHERE key = ?");
    return found.map(({ key, folder }) => {
      remove.run(key);
      return store.results.fromStored(folder);
    });
  });
  const fileBytes = folders.reduce((sum, folder) => sum + bytesOf(folder), 0);
  const problems = folders.flatMap((folder) => discard(folder) ?? []);
  store.db.pragma("incremental_vacuum");
  return { evaluations: folders.length, fileBytes, problems };
}
