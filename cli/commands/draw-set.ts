import { type ChosenSet, chooseSet } from "../store/choose-set.js";
import { openReader } from "../store/reader.js";
import { resolveDbPath, type Store } from "../store/store.js";
import type { DrawnFormat } from "./output-format.js";
import { type Drawn, writeDrawn } from "./write-drawn.js";
import { refuseBytes } from "./write-output.js";

export interface DrawSetRequest {
  /** Runs, and names or numbers of experiments; without any, all runs. */
  runs: readonly string[];
  where?: readonly string[] | undefined;
  tag?: readonly string[] | undefined;
  db?: string | undefined;
  format: DrawnFormat;
  output?: string | undefined;
}

/** Shows what `load` makes of the runs that were asked for. Nothing is read where bytes would go to a terminal. */
export async function drawSet(
  { runs: words, where, tag, db, format, output }: DrawSetRequest,
  load: (store: Store, chosen: ChosenSet) => Drawn,
): Promise<void> {
  refuseBytes(format, output);
  const store = openReader(resolveDbPath(db));
  let drawn: Drawn;
  try {
    drawn = load(store, chooseSet(store, { words, where, tag }));
  } finally {
    store.close();
  }
  await writeDrawn(drawn, format, output);
}
