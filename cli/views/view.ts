import type { RunRow } from "../store/read.js";
import type { Store } from "../store/store.js";

/** What a view knows of one run. */
export interface OfRun<Data> {
  run: string;
  label: string;
  data: Data;
}

/** A way to look at stored runs: `lor2c show RUN [RUN ...] <name>`. Reports and exports take the same data. */
export interface View<Data = unknown> {
  /** Everything that is drawn, as plain data with the database's names: what `--json` prints. One entry a run, in order. */
  load(store: Store, runs: readonly RunRow[]): OfRun<Data>[];
  /** Pure, no ANSI. Tables, grids and charts keep to `width` columns; a path or a message is never cut. */
  text(shown: readonly OfRun<Data>[], width: number): string;
  /** Pure. Only of views that draw something; what draws is loaded when it is asked for. */
  svg?(shown: readonly OfRun<Data>[]): Promise<string>;
}

/** A line of the registry: a name, what help says of it, and the file that is loaded when somebody asks for it. */
export interface ViewEntry {
  name: string;
  describe: string;
  open(): Promise<View>;
}

/** For views whose data is that of each run by itself. */
export function loadEach<Data>(of: (store: Store, run: RunRow) => Data): View<Data>["load"] {
  return (store, runs) => runs.map((run) => ({ run: run.id, label: run.label, data: of(store, run) }));
}

/** A block for each run, under its name where there are several. */
export function textOfEach<Data>(
  block: (data: Data, width: number) => string,
  { alwaysNamed = false } = {},
): View<Data>["text"] {
  return (shown, width) =>
    shown
      .map(({ run, label, data }) => {
        const text = block(data, width);
        return shown.length > 1 || alwaysNamed ? `${run}  ${label}\n\n${text}` : text;
      })
      .join("\n\n\n");
}
