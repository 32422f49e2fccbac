/** What `lor2c compare` shows, in each form. */
import type { DataTable } from "../../export/data-table.js";
import type { Store } from "../../store/store.js";
import { type CompareRequest, loadCompare } from "./load.js";
import { loadPivot } from "./pivot.js";
import { pivotText } from "./pivot-text.js";
import { compareForPeople, compareTable, pivotForPeople, pivotTable } from "./tables.js";
import { compareText } from "./text.js";

interface Compared {
  data: unknown;
  text(width: number | null): string;
  /** For programs, with every number. */
  table(): DataTable;
  /** For documents, as the text has it. */
  forPeople(): DataTable;
}

/** `pivot`: keys of the table of a paper, else null. */
export function compared(
  store: Store,
  { pivot, ...request }: CompareRequest & { pivot: { rows: string; cols: string } | null },
): Compared {
  if (pivot === null) {
    const data = loadCompare(store, request);
    return {
      data,
      text: (width) => compareText(data, width, { asked: request.columns !== undefined }),
      table: () => compareTable(data),
      forPeople: () => compareForPeople(data),
    };
  }
  const data = loadPivot(store, { ...request, ...pivot });
  return {
    data,
    text: (width) => pivotText(data, width),
    table: () => pivotTable(data),
    forPeople: () => pivotForPeople(data),
  };
}
