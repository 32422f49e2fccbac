/** Compares the types of rows with what the readers select from a migrated database with rows in every table. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { tempFolder } from "../fixtures/temp-folder.js";
import * as alertRows from "./alert-rows.js";
import * as evaluationRows from "./evaluation-rows.js";
import * as experimentRows from "./experiment-rows.js";
import { sampleEvaluation } from "./fixtures/evaluation.js";
import { claimedStore, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { recordForecasts } from "./forecasts.js";
import * as read from "./read.js";
import * as rows from "./rows.js";
import type { Store } from "./store.js";
import { ingest, registerExperiment } from "./write.js";

const A = sampleCell("a".repeat(16));
const B = sampleCell("b".repeat(16), { seed: 2 });

let store: Store;
/** The statements that a reader prepared. */
let prepared: string[];
let ids: { evaluation: string; attempt: number; experiment: number };
beforeAll(() => {
  const claimed = claimedStore(tempFolder(), [A, B]);
  store = claimed.store;
  const leftOut = [{ axes: { seed: 3 }, reason: "excluded by the spec" }];
  const plan = { name: "x", specFile: "x.yaml", specText: "name: x", sets: ["seed=1"], cells: [A, B], leftOut };
  const experiment = registerExperiment(store, plan);
  const adapter = join(store.results.ofRun(A.id), "attempt-1", "adapter");
  const ranks = {
    type: "ranks" as const,
    seq: 6,
    cells: [A.id],
    step: 94,
    epoch: 1,
    modules: [{ module: "m", rank: 2 }],
  };
  const events = [
    ...[
      say.ready(),
      say.started([A.id, B.id]),
      say.metrics([A.id, B.id], 2, 10, { accuracy: 0.5, loss: null }, "eval"),
    ],
    ...[say.change([A.id], 3), say.moduleScores([A.id], 4), say.artifact([A.id], 5, adapter), ranks],
    ...[say.tree([A.id], 7), say.usage([A.id], 8), say.finished([A.id], 9)],
  ];
  ingest(store, claimed.attempts, events, { commit: "abc", dirty: true });
  const range = { low: 1, likely: 2, high: 3 };
  const basis = { kind: "rule" as const, trainings: 0 };
  recordForecasts(store, [
    {
      id: A.id,
      seconds: range,
      secondsBasis: basis,
      disk: 10,
      memory: range,
      memoryBasis: basis,
      trainWork: 5,
    } as never,
  ]);
  ids = { evaluation: sampleEvaluation(store, A.id), attempt: claimed.attempts.get(A.id) as number, experiment };
  const prepare = store.prepare.bind(store);
  store.prepare = (sql) => {
    prepared.push(sql);
    return prepare(sql);
  };
});
afterAll(() => store.close());

const one = <T>(row: T | undefined): T[] => (row === undefined ? [] : [row]);

/** For each type of row, a reader that returns such rows. */
const READERS: Record<string, () => unknown[]> = {
  RunRow: () => [...read.listRuns(store), ...read.listRuns(store, { epoch: 1 }), ...one(read.getRun(store, A.id))],
  AttemptRow: () => [...read.getAttempts(store, A.id), ...one(read.getAttempt(store, ids.attempt))],
  ForecastRow: () => one(read.getForecast(store, A.id)),
  BundleRow: () => read.bundlesOf(store, [ids.attempt]),
  MetricRow: () => read.getMetrics(store, ids.attempt),
  EpochScoreRow: () => read.getEpochScores(store, ids.attempt),
  ChangeRow: () => read.getChanges(store, ids.attempt),
  ModuleScoreRow: () => read.getModuleScores(store, ids.attempt),
  AlertRow: () => [...read.alertsOf(store, A.id), ...read.alertsOfAttempts(store, [ids.attempt])],
  RankRow: () => read.getRanks(store, ids.attempt),
  ArtifactRow: () => read.getArtifacts(store, ids.attempt),
  EnvironmentRow: () => one(read.getEnvironment(store, 1)),
  ExperimentRow: () => read.experiments(store),
  ExperimentCellRow: () => read.experimentCells(store, ids.experiment),
  GridCellRow: () => read.gridCells(store, ids.experiment),
  LeftOutRow: () => read.leftOutCells(store, ids.experiment),
  EvaluationRow: () => read.evaluationsOf(store, A.id).map(({ notes: _, ...row }) => row),
  EvaluationTaskRow: () => read.evaluationTasks(store, ids.evaluation),
  SampleRow: () => read.samplesOf(store, A.id, { limit: null }),
  AxisRow: () => read.experimentAxes(store),
};

const SCHEMAS = Object.entries({ ...rows, ...experimentRows, ...evaluationRows, ...alertRows }) as [
  string,
  z.ZodObject,
][];

test("every type of row has a reader here", () => {
  expect(SCHEMAS.map(([name]) => name).sort()).toEqual(Object.keys(READERS).sort());
});

test.each(SCHEMAS)("%s describes what its reader returns", (name, schema) => {
  prepared = [];
  const found = READERS[name]?.() ?? [];
  expect(found.length).toBeGreaterThan(0);
  for (const row of found) expect(schema.safeParse(row).error?.issues ?? []).toEqual([]);
  expect(mayBeNull(schema)).toEqual([]);
});

/** The columns that are never NULL according to the type, but may be NULL according to the database. */
function mayBeNull(schema: z.ZodObject): string[] {
  return prepared.flatMap((sql) =>
    store.db
      .prepare(sql)
      .columns()
      .filter(({ name, table, column }) => {
        const type = schema.shape[name] as z.ZodType | undefined;
        if (type === undefined || table === null || column === null || type.safeParse(null).success) return false;
        return !isRequired(table, column);
      })
      .map(({ name, table }) => `${table}.${name}`),
  );
}

function isRequired(table: string, column: string): boolean {
  const found = store.db.prepare('SELECT "notnull", pk FROM pragma_table_info(?) WHERE name = ?').get(table, column);
  const { notnull, pk } = (found ?? { notnull: 1, pk: 0 }) as { notnull: number; pk: number };
  return notnull === 1 || pk > 0;
}
