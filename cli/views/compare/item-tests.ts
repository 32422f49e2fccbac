/** What other evaluation rows would do to the differences of a table, from the stored predictions of its runs. */
import { type BootstrapDifference, pairedBootstrap } from "../../stats/bootstrap.js";
import type { Items } from "../../stats/items.js";
import { mean } from "../../stats/mean.js";
import type { ItemsOfRun } from "../run-items.js";
import type { CompareRow, CompareSet } from "./data.js";

/** More runs take too long to read and to score again and again. */
const MOST_RUNS = 60;

/** The set's tests with a bootstrap over the evaluation rows. A row is scored as the mean of its seeds. */
export function withItems(set: CompareSet, itemsOf: ItemsOfRun): CompareSet {
  const { tests, rows } = set;
  if (tests === null) return set;
  const without = (no_items: string): CompareSet => ({ ...set, tests: { ...tests, no_items } });
  const runs = rows.reduce((sum, row) => sum + row.runs.length, 0);
  if (runs > MOST_RUNS) return without(`${runs} runs are too many for it; choose at most ${MOST_RUNS}`);
  const found = new Map(rows.map((row) => [row.name, rowItems(row, itemsOf)]));
  const against = found.get(tests.against);
  if (typeof against === "string" || against === undefined) return without(against ?? "it has no runs");
  const others = tests.rows.flatMap(({ name }) => {
    const items = found.get(name);
    return items === undefined || typeof items === "string" ? [] : [{ name, items }];
  });
  const texts = [...found.values()].filter((items) => typeof items === "string");
  if (others.length === 0) return without(texts[0] ?? "there are no rows");
  const differences = pairedBootstrap(
    against,
    others.map(({ items }) => items),
  );
  const byName = new Map(others.map(({ name }, at) => [name, turned(differences[at])]));
  return {
    ...set,
    tests: {
      ...tests,
      rows: tests.rows.map((row) => ({ ...row, items: byName.get(row.name) ?? null })),
      no_items: texts[0] ?? null,
    },
  };
}

/** The row minus the other, as all differences of the table. */
const turned = (found: BootstrapDifference | undefined): BootstrapDifference | null =>
  found === undefined ? null : { ...found, difference: 0 - found.difference, low: 0 - found.high, high: 0 - found.low };

function rowItems({ runs }: CompareRow, itemsOf: ItemsOfRun): Items | string {
  const finished = runs.filter(({ state }) => state === "finished");
  const found = finished.map(({ run }) => itemsOf(run));
  const why = found.find((items) => typeof items === "string");
  if (typeof why === "string") return why;
  const [first, ...more] = found as Items[];
  if (first === undefined) return "no run is finished";
  if (more.length === 0) return first;
  const all = [first, ...more];
  return { rows: first.rows, score: (sample) => mean(all.map((items) => items.score(sample))) };
}
