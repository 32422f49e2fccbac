import type { RunRow } from "../store/read.js";
import type { Store } from "../store/store.js";

/** One way to look at a stored run: `lor2c show RUN <name>`. A new one is a file and a line in index.ts. */
export interface View<Data = unknown> {
  name: string;
  describe: string;
  /** Everything that is drawn, as plain data: what `--json` prints. */
  load(store: Store, run: RunRow): Data;
  /** Pure, no ANSI. Tables, grids and charts keep to `width` columns; a path or a message is never cut. */
  render(data: Data, width: number): string;
}

/** For the registry: keeps `Data` known inside each view and out of everybody else's way. */
export function view<Data>(definition: View<Data>): View {
  return definition as View;
}
