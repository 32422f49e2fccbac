/** A picture of rows by epochs as data, whatever the rows are. */
import type { Line } from "../../line.js";
import type { PictureCell } from "./picture-cell.js";

export interface Picture {
  /** What the rows are. */
  rowTitle: string;
  /** One per epoch that is stored. */
  columns: readonly { head: string; changed: boolean }[];
  /** The newest value of each row is shown again at its end; null: the cells say it. */
  endTitle: string | null;
  rows: readonly { name: string; cells: readonly PictureCell[]; end: string }[];
  /** Only signs that occur. */
  legend: readonly Line[];
}
