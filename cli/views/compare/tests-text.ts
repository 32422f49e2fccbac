import { smallestP } from "../../stats/sign-flip.js";
import { plural } from "../format.js";
import { prose } from "../parts/prose.js";
import { type TableColumn, tableLines } from "../parts/table.js";
import { oneLine } from "../parts/visible.js";
import { rowNames } from "./cell-texts.js";
import { percent, pText } from "./p-text.js";
import { byKey } from "./sets.js";
import type { RowTest, Tests, Verdict } from "./tests.js";
import { NOT_KNOWN, signed } from "./values.js";

/** Below so many seeds intervals are wide and exact tests can't reach 0.05. */
const ENOUGH = 5;

/** Tests of more rows than that are in JSON only. */
const MOST_ROWS = 20;

const VERDICTS: Record<Exclude<Verdict, "refused" | "same">, string> = {
  better: "better",
  worse: "worse",
  open: "can't be told apart",
};

const COLUMNS: (TableColumn & { text(row: RowTest, tests: Tests, format: (value: number) => string): string })[] = [
  { key: "name", title: "name", least: 16, long: "apart", text: ({ name }) => name },
  { key: "difference", title: "difference", align: "right", text: differenceText },
  { key: "p", title: "p", align: "right", keep: 2, text: ({ p }) => pText(p) },
  { key: "corrected", title: "Holm p", align: "right", text: ({ corrected }) => pText(corrected) },
  { key: "equivalence", title: "same p", align: "right", keep: 1, text: (row) => pText(row.equivalence) },
  { key: "verdict", title: "verdict", least: 12, long: "wrap", text: verdictText },
];

/** The marks answer another question than a table of tests against a baseline. */
const MARKS_APART = "* and ~ before names are from other tests, against the best row and corrected for themselves";

/** The table of tests, how to read it, and what the seeds can't show. `format` is that of the tested column. */
export function testLines(tests: Tests, format: (value: number) => string, width: number | null): string[] {
  const { against, as, seeds, rows, margin, level } = tests;
  if (rows.every(({ verdict }) => verdict === "refused")) return untested(tests, width);
  const more = rows.length - MOST_ROWS;
  const columns = COLUMNS.filter(({ key }) => key !== "equivalence" || margin !== null);
  const cells = rows.slice(0, MOST_ROWS).map((row) => columns.map((column) => column.text(row, tests, format)));
  const how = [
    `difference: mean over seeds ± half of its ${percent(level)} interval`,
    "p: exact sign-flip test",
    `Holm p: corrected for ${as === "best" ? plural(tested(tests), "test") : `the ${plural(tested(tests), "test")} against the baseline`}`,
    ...(margin === null ? [] : [`same p: two one-sided t tests, within ${margin}`]),
  ];
  return [
    ...prose(`tests against ${oneLine(against)} (the ${as}), over ${seedsText(seeds)}`, width),
    "",
    ...tableLines(columns, cells, width, { more: "--json has all" }),
    ...(more > 0 ? [`and ${plural(more, "row")} more: --json has all`] : []),
    "",
    ...prose(how.join("; "), width),
    ...(as === "best" ? [] : prose(MARKS_APART, width)),
    ...limits(tests).flatMap((line) => prose(line, width)),
  ];
}

/** The reasons, each once, with the rows that it is about. */
function untested({ rows }: Tests, width: number | null): string[] {
  const reasons = byKey(rows, ({ refused }) => refused ?? "");
  return [...reasons].flatMap(([reason, own]) => prose(`not tested: ${rowNames(own)}: ${reason}`, width));
}

const seedsText = (seeds: readonly number[]): string =>
  seeds.length > 8 ? plural(seeds.length, "seed") : `${plural(seeds.length, "seed")} (${seeds.join(", ")})`;

const tested = ({ rows }: Tests): number => rows.filter(({ p }) => p !== null).length;

function differenceText({ difference }: RowTest, _: Tests, format: (value: number) => string): string {
  if (difference === null) return NOT_KNOWN;
  const { mean, low, high } = difference;
  const half = low === null || high === null ? "" : ` ± ${format((high - low) / 2)}`;
  return `${signed(mean, format)}${half}`;
}

function verdictText(row: RowTest, tests: Tests): string {
  const { verdict, refused } = row;
  if (verdict === "refused") return `not tested: ${refused}`;
  if (verdict === "same") return `the same within ${tests.margin}`;
  const seeds = verdict === "open" ? seedsNeeded(row, tests) : null;
  return seeds === null ? VERDICTS[verdict] : `${VERDICTS[verdict]}; about ${seeds} seeds would settle it`;
}

/** Until a difference or sameness is shown, whichever comes first. An exact test needs some pairs in any case. */
function seedsNeeded({ settle }: RowTest, tests: Tests): number | null {
  if (settle === null) return null;
  const least = Math.ceil(Math.log2((2 * tested(tests)) / (1 - tests.level) - 1e-9));
  const [apart, within] = [settle.apart === null ? null : Math.max(settle.apart, least), settle.within];
  const known = [apart, within].flatMap((seeds) => seeds ?? []);
  return known.length === 0 ? null : Math.min(...known);
}

/** `worse (Holm p 0.0469)`, for a line that has several rows. */
export function testWords(row: RowTest, tests: Tests): string {
  const words = verdictText(row, tests);
  return row.corrected === null ? words : `${words} (Holm p ${pText(row.corrected)})`;
}

/** What so few seeds can't show, in words. */
export function limits(tests: Tests): string[] {
  const alpha = 1 - tests.level;
  const n = tests.seeds.length;
  const able = tests.rows.find(({ smallest }) => smallest !== null);
  const lines: string[] = [];
  if (able?.smallest != null && able.smallest > alpha + 1e-12) {
    const count = tested(tests);
    // Not the corrected one by the number of tests: that is 1 at most.
    const plain = smallestP(able.difference?.n ?? n);
    const alone = plain > alpha + 1e-12;
    lines.push(
      alone
        ? `${plural(n, "pair")} can't reach ${alpha.toFixed(2)}: the smallest p is ${pText(plain)}`
        : `${plural(n, "pair")} can't reach ${alpha.toFixed(2)} in ${plural(count, "test")}: the smallest corrected p is ${pText(able.smallest)}`,
    );
  }
  if (n < ENOUGH)
    lines.push(`few seeds: ${plural(n, "seed")} say little about other seeds; five are the least to report`);
  return lines;
}
