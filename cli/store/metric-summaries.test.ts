import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkerEvent } from "../protocol/messages.js";
import { historicDatabase } from "./fixtures/historic.js";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { MIGRATIONS } from "./migrations.js";
import { openStore, type Store } from "./store.js";
import { ingest } from "./write.js";

const RUN = "a".repeat(16);
let temp: { folder: string; remove: () => void };
let store: Store;
let attempts: Map<string, number>;
beforeEach(() => {
  temp = disposableFolder();
  ({ store, attempts } = claimedStore(temp.folder, [sampleCell(RUN)]));
});
afterEach(() => {
  store.close();
  temp.remove();
});

const losses = (values: [step: number, value: number | null][], from = 2): WorkerEvent[] =>
  values.map(([step, value], index) => say.metrics([RUN], from + index, step, { loss: value }, "eval"));

const summary = (from: Store = store) =>
  from.db
    .prepare(
      `SELECT measured, diverged, first_step, first, last_step, last, lowest_step, lowest, highest_step, highest
       FROM metric_summaries WHERE split = 'eval' AND name = 'loss'`,
    )
    .raw()
    .get();

/** The same, from the measured values. */
function counted(): unknown[] {
  const rows = store.db
    .prepare("SELECT step, value FROM metrics WHERE split = 'eval' AND name = 'loss' ORDER BY step")
    .raw()
    .all() as [number, number | null][];
  const finite = rows.filter((row): row is [number, number] => row[1] !== null);
  const lowest = Math.min(...finite.map(([, value]) => value));
  const highest = Math.max(...finite.map(([, value]) => value));
  const at = (end: number) =>
    finite.length === 0 ? [null, null] : [finite.find(([, value]) => value === end)?.[0], end];
  return [
    finite.length,
    rows.length - finite.length,
    ...(rows[0] ?? []),
    ...(rows.at(-1) ?? []),
    ...at(lowest),
    ...at(highest),
  ];
}

test.each<[string, [number, number | null][]]>([
  ["one value", [[1, 0.5]]],
  [
    "values that fall and rise",
    [
      [1, 0.5],
      [2, 0.2],
      [3, 0.9],
    ],
  ],
  [
    "equal ends: the first step of each",
    [
      [1, 0.5],
      [2, 0.2],
      [3, 0.2],
      [4, 0.5],
    ],
  ],
  [
    "a value that was not finite, first",
    [
      [1, null],
      [2, 0.4],
      [3, 0.6],
    ],
  ],
  [
    "and last",
    [
      [1, 0.4],
      [2, 0.6],
      [3, null],
    ],
  ],
  [
    "nothing finite",
    [
      [1, null],
      [2, null],
    ],
  ],
  [
    "steps out of order",
    [
      [3, 0.1],
      [1, 0.9],
      [2, 0.1],
    ],
  ],
  [
    "negative values and zero",
    [
      [1, 0],
      [2, -3],
      [3, -1],
    ],
  ],
])("%s", (_, values) => {
  ingest(store, attempts, losses(values), null);
  expect(summary()).toEqual(counted());
});

test("events that come again change nothing, and a step that has another value now counts with that", () => {
  ingest(
    store,
    attempts,
    losses([
      [1, 0.5],
      [2, 0.1],
      [3, 0.9],
    ]),
    null,
  );
  const once = summary();
  ingest(
    store,
    attempts,
    losses([
      [1, 0.5],
      [2, 0.1],
      [3, 0.9],
    ]),
    null,
  );
  expect(summary()).toEqual(once);
  // the lowest, the highest and the last are replaced: none of their old values may stay
  ingest(
    store,
    attempts,
    losses(
      [
        [2, 0.6],
        [3, null],
      ],
      10,
    ),
    null,
  );
  expect(summary()).toEqual(counted());
  expect(summary()).toEqual([2, 1, 1, 0.5, 3, null, 1, 0.5, 2, 0.6]);
});

test("an aborted batch leaves no summary", () => {
  const strange = say.metrics(["f".repeat(16)], 3, 2, { loss: 0 }, "eval");
  expect(() => ingest(store, attempts, [...losses([[1, 0.5]]), strange], null)).toThrow(/was not given/);
  expect(summary()).toBeUndefined();
});

test("a database from before has summaries of what it stored", () => {
  const old = historicDatabase(
    join(temp.folder, "old.db"),
    MIGRATIONS.findIndex(({ name }) => name === "m015_metric_summaries"),
  );
  const insert = old.prepare("INSERT INTO metrics VALUES (2, 'eval', 'loss', ?, 1, ?, ?)");
  for (const [step, value] of [
    [1, null],
    [2, 0.5],
    [3, 0.2],
    [4, 0.2],
    [5, 0.4],
  ] as const)
    insert.run(step, value, value === null ? 1 : 0);
  old.close();
  const migrated = openStore(join(temp.folder, "old.db"));
  expect(summary(migrated)).toEqual([4, 1, 1, null, 5, 0.4, 3, 0.2, 2, 0.5]);
  expect(migrated.db.prepare("SELECT count(*) FROM metric_summaries").pluck().get()).toBe(3);
  migrated.close();
});
