import type { DataTable } from "../export/data-table.js";
import type { RunRow } from "../store/read.js";
import type { Store } from "../store/store.js";
import { prose } from "./parts/prose.js";

/** Columns of a drawing where no terminal limits it. */
export const UNBOUNDED = 100;

/** A view's data of one run. */
export interface OfRun<Data> {
  run: string;
  label: string;
  data: Data;
}

/** Which rows a view with rows shows. */
export interface ViewFilter {
  benchmark?: string | undefined;
  task?: string | undefined;
  /** Only rows that are not right. */
  wrong?: boolean | undefined;
  /** At most so many rows; null: all. Undefined: what the view thinks fit. */
  limit?: number | null | undefined;
}

/** A view of stored runs: `lor2c show RUN [RUN ...] <name>`. Reports and exports use the same data. */
export interface View<Data = unknown> {
  /**
   * Plain data of everything that is drawn, with the database's names; `--json` prints it. One entry for each run, in
   * order.
   */
  load(store: Store, runs: readonly RunRow[], filter?: ViewFilter): OfRun<Data>[];
  /**
   * Pure, no ANSI. Keeps to `width` columns; paths and messages are never truncated. Null, where no terminal shows it:
   * as wide as needed, for drawings `UNBOUNDED`.
   */
  text(shown: readonly OfRun<Data>[], width: number | null): string;
  /** Pure. The data in rows, for CSV, Parquet, LaTeX and Markdown; only for views that have rows. */
  table?(shown: readonly OfRun<Data>[]): DataTable;
  /** Pure. Only for views that draw something; the drawing code is loaded on demand. */
  svg?(shown: readonly OfRun<Data>[]): Promise<string>;
  /** Pure. The same picture as a specification of Vega-Lite, with its data inside. */
  vega?(shown: readonly OfRun<Data>[]): Promise<object>;
}

/** A line of the registry: a name, a description for help, and the file to load on demand. */
export interface ViewEntry {
  name: string;
  describe: string;
  /** Whether it takes --benchmark, --task, --wrong and --limit. */
  filtered?: true;
  open(): Promise<View>;
}

/** Makes the `load` of a view that reads each run on its own. */
export function loadEach<Data>(of: (store: Store, run: RunRow, filter: ViewFilter) => Data): View<Data>["load"] {
  return (store, runs, filter = {}) =>
    runs.map((run) => ({ run: run.id, label: run.label, data: of(store, run, filter) }));
}

/** A block for each run, under its name if there are several. */
export function textOfEach<Data>(
  block: (data: Data, width: number | null) => string,
  { alwaysNamed = false } = {},
): View<Data>["text"] {
  return (shown, width) =>
    shown
      .map(({ run, label, data }) => {
        const text = block(data, width);
        const name = prose(`${run}  ${label}`, width).join("\n");
        return shown.length > 1 || alwaysNamed ? `${name}\n\n${text}` : text;
      })
      .join("\n\n\n");
}
