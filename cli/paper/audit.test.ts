import { expect, test } from "vitest";
import { audit, auditNotes } from "./audit.js";
import { type PaperTable, paperTables, TABLES } from "./reference.js";

const { tables } = paperTables();

/** Every percentage that `k` of `rows` can be printed as, both ways to round a half included. */
function printable(rows: number, decimals: number): Set<string> {
  const found = new Set<string>();
  for (let k = 0; k <= rows; k++) {
    for (const nudge of [-1e-9, 0, 1e-9]) found.add(((100 * k) / rows + nudge).toFixed(decimals));
  }
  return found;
}

test.each(TABLES)("%s: the audit names exactly the scores that no count of right rows is printed as", (name) => {
  const table = tables[name];
  const odd = table.columns.flatMap(({ name: column, task, metric, eval_rows }) => {
    if (!["accuracy", "exact_match", "pass_at_1"].includes(metric) || eval_rows === undefined) return [];
    const possible = printable(eval_rows, table.decimals);
    return table.rows.flatMap((row) => {
      const score = row.scores[task] ?? Number.NaN;
      return possible.has(score.toFixed(table.decimals)) ? [] : [`${column} ${score}`];
    });
  });
  expect(audit(table).scores.map(({ column, score }) => `${column} ${score}`)).toEqual(odd);
  expect(odd.length).toBeGreaterThan(0);
});

test("what a reader of the paper is told", () => {
  expect(auditNotes(tables.table1, audit(tables.table1))).toEqual([
    expect.stringMatching(/among 872 rows of SST-2 gives 94\.1 \(ShareLoR2C\), so no single evaluation does/),
    expect.stringMatching(/among 408 rows of MRPC gives 88\.4 \(AdptD 0\.9M\), 88\.8 \(ShareLoR2C\)/),
    expect.stringMatching(/among 277 rows of RTE gives .*73\.4 \(ShareLoR2C\)/),
    "Audit: the average of IMLoR2C is printed as 85.8; its scores average 85.95.",
  ]);
  expect(auditNotes(tables.table2, audit(tables.table2))).toEqual([
    expect.stringMatching(/among 6,285 rows of DROP gives 31\.94 \(AdaLoRA\)/),
    expect.stringMatching(/among 164 rows of HEval gives 15\.09 \(LoRA\), 15\.32 \(LoR2C\)/),
  ]);
});

test("an average within what rounding explains is no finding; one beyond it is", () => {
  const [row] = tables.table2.rows;
  const own = (average: number): PaperTable => ({ ...tables.table2, rows: row ? [{ ...row, average }] : [] });
  expect(audit(own(30.44)).averages).toEqual([]);
  expect(audit(own(30.46)).averages).toEqual([{ row: "w/o FT", printed: 30.46, mean: expect.closeTo(30.4375, 9) }]);
});
