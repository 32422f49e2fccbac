import { formatCount } from "../format.js";
import { prose } from "../parts/prose.js";
import { tableLines } from "../parts/table.js";
import { percent, pText } from "./p-text.js";
import type { Tests } from "./tests.js";
import { signed } from "./values.js";

const COLUMNS = [
  { key: "name", title: "name", least: 16, long: "apart" },
  { key: "difference", title: "difference", align: "right" },
  { key: "interval", title: "interval", align: "right", keep: 1 },
  { key: "p", title: "p", align: "right" },
] as const;

/** What other evaluation rows would do, or why that is not known. `format` is that of the tested column. */
export function itemLines(
  { rows, no_items, level }: Tests,
  format: (value: number) => string,
  width: number | null,
): string[] {
  const found = rows.flatMap(({ name, items }) => (items === null ? [] : [{ name, items }]));
  const resamples = found[0]?.items.resamples;
  const lacking = no_items === null ? [] : prose(`not tested over the evaluation rows: ${no_items}`, width);
  if (resamples === undefined) return lacking;
  const cells = found.map(({ name, items: { difference, low, high, p } }) => [
    name,
    signed(difference, format),
    `${signed(low, format)} to ${signed(high, format)}`,
    pText(p),
  ]);
  const title = `over the evaluation rows, for the trainings as they are (${formatCount(resamples)} samples of the rows, ${percent(level)} intervals, p not corrected)`;
  return [...prose(title, width), "", ...tableLines(COLUMNS, cells, width, { more: "--json has all" }), ...lacking];
}
