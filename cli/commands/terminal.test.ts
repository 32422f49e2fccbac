/**
 * Every command that shows what is stored, in a terminal, on a database with long and hostile texts everywhere: no line
 * is too wide, and no control character arrives. A command that is not listed here fails the test.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Lor2cError } from "../errors.js";
import { CONTROLS, HOSTILE } from "../fixtures/hostile.js";
import { inTerminal } from "../fixtures/pretend-terminal.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { sampleEvaluation } from "../store/fixtures/evaluation.js";
import { claimedStore, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { ingest } from "../store/write.js";
import { tooWide } from "../views/fixtures/too-wide.js";
import { VIEWS } from "../views/index.js";
import { verbOf } from "./command.js";
import { commands } from "./index.js";

const [A, B] = ["a".repeat(16), "b".repeat(16)];
const FORMATS = ["text", "json", "csv", "svg", "markdown", "latex", "vega-lite"];

const WORKER = "asks the worker or trains; its views have tests of their own";
const WRITES = "writes a line about what it changed";

/** What each verb is tried with; a text says why it is not tried. */
const TRIED: Record<string, string[][] | string> = {
  ls: [[], ["--json"], ["--where", "label = x", "--where", "task like x or seed > 99"]],
  show: [
    ...VIEWS.filter(({ name }) => name !== "confusion").flatMap(({ name }) =>
      FORMATS.map((format) => [A, B, name, "--format", format]),
    ),
    ["@failed"],
  ],
  compare: [
    [A, "cccc"],
    ["1"],
    ["1", "--json"],
    ["1", "--rows", "label", "--cols", "task"],
    ["1", "--format", "markdown"],
  ],
  watch: [
    ["1", "--once"],
    [A, "--once", "--ascii"],
    ["@all", "--once"],
  ],
  curves: [["1"], ["1", "--format", "svg"]],
  pareto: [["1"], ["1", "--format", "json"]],
  export: [
    ["1", "--format", "csv"],
    ["1", "--format", "markdown"],
  ],
  heatmap: FORMATS.map((format) => ["--rows", "seed", "--cols", "method.rank", "--format", format]),
  query: [
    ["SELECT * FROM v_runs"],
    ["SELECT * FROM v_runs", "--vertical"],
    ["SELECT * FROM samples"],
    ["SELECT * FROM attempts", "--csv"],
    [`SELECT label AS "${HOSTILE.replaceAll("\0", "")}" FROM runs`],
  ],
  logs: [
    [A, "--worker"],
    [B, "--worker"],
  ],
  paper: [["table1"], ["table1", "--format", "csv"]],
  tag: [[]],
  baseline: [[]],
  report: "writes a file, and a line that says which",
  clone: "prints a spec, in which YAML escapes texts",
  explain: [[], ["train.learning_rate"]],
  ...Object.fromEntries(
    ["untag", "note", "rm", "restore", "gc", "migrate", "stop", "init", "setup"].map((verb) => [verb, WRITES]),
  ),
  ...Object.fromEntries(
    [
      "data",
      "plan",
      "params",
      "run",
      "sweep",
      "retry",
      "predict",
      "eval",
      "generate",
      "export-adapter",
      "verify",
      "doctor",
      "reference",
    ].map((verb) => [verb, WORKER]),
  ),
  ...Object.fromEntries(["validate", "schema", "completion"].map((verb) => [verb, "reads no database"])),
};

/** Errors of a view that has no such format. */
const EXPECTED = ["NO_PICTURE", "NO_TABLE"];

let folder: string;
beforeAll(() => {
  folder = tempFolder();
  vi.stubEnv("LOR2C_DB", join(folder, "lor2c.db"));
  const cells = [
    sampleCell(A, { label: "seed=1", seed: 1 }),
    sampleCell(B, { label: "seed=2", seed: 2 }),
    ...["c", "d"].map((id, seed) => {
      const cell = sampleCell(id.repeat(16), { label: `rank=4 ${id}`, seed: seed + 1 });
      return { ...cell, axes: { ...cell.axes, "method.rank": 4 } };
    }),
  ];
  const { store, attempts } = claimedStore(folder, cells);
  for (const { id } of cells) {
    ingest(store, attempts, [
      { ...say.ready(), variables: { OMP_NUM_THREADS: "1" } },
      say.started([id]),
      say.metrics([id], 2, 94, { accuracy: 0.7, loss: 0.6 }, "eval"),
      say.moduleScores([id], 3),
      say.change([id], 4),
      say.artifact([id], 5, join(folder, "runs", id, "attempt-1", "adapter")),
      id === B
        ? {
            type: "failed",
            seq: 6,
            cells: [id],
            error_type: "Bad",
            message: "it failed",
            traceback: "frame 1\nframe 2",
          }
        : say.finished([id], 6),
    ]);
    const attempt = join(folder, "runs", id, "attempt-1");
    mkdirSync(attempt, { recursive: true });
    writeFileSync(join(attempt, "worker.log"), `${HOSTILE}\n`);
  }
  sampleEvaluation(store, A);
  store.close();
});
afterAll(() => void vi.unstubAllEnvs());

/** Texts that are keys, times, places or JSON: the program reads them. */
const READ =
  /(^|_)(id|key|run|outcome|kind|owner|at|until|folder|path|settings|identity|split|axis|basis|evaluation|evaluate|hash|sha256|weights|order)$/;

/** Puts a text behind the others of the database. Returns how many became longer. */
function spoil(text: string, skipped: readonly string[] = []): number {
  const db = new Database(join(folder, "lor2c.db"));
  db.pragma("foreign_keys = OFF");
  let changed = 0;
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'");
  for (const table of tables.pluck().all() as string[]) {
    const columns = db.prepare("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'").pluck();
    for (const column of columns.all(table) as string[]) {
      if (READ.test(column) || skipped.includes(table)) continue;
      try {
        changed += db.prepare(`UPDATE "${table}" SET "${column}" = "${column}" || ?`).run(text).changes;
      } catch {
        // A constraint of the table allows no other text.
      }
    }
  }
  db.close();
  return changed;
}

const argvs = Object.entries(TRIED).flatMap(([verb, tried]) =>
  typeof tried === "string" ? [] : tried.map((args) => [verb, ...args]),
);

/** What a command line writes; nothing after an error that is expected here. */
async function shown(args: readonly string[], width: number): Promise<string> {
  const { text, error } = await inTerminal(args, width);
  if (error !== null && !EXPECTED.includes((error as Lor2cError).code)) throw error;
  return text;
}

test("every verb is tried, or says why not", () => {
  expect(Object.keys(TRIED).sort()).toEqual(commands.map(verbOf).sort());
});

test.each([60, 80])("no line is wider than %i columns", async (width) => {
  // Variables are whole, as a shell takes them.
  if (width === 60) spoil(" and quite a few more words", ["environment_variables"]);
  for (const args of argvs) {
    const whole = args.some((word) => FORMATS.slice(1).includes(word) || /^--(json|csv)$/.test(word));
    // Logs stay as they were written.
    if (!whole && args[0] !== "logs") expect([args, tooWide(await shown(args, width), width)]).toEqual([args, []]);
  }
});

test("no control character of the database arrives", async () => {
  expect(spoil(HOSTILE)).toBeGreaterThan(50);
  let escaped = 0;
  for (const args of argvs) {
    const text = await shown(args, 80);
    expect([args, CONTROLS.exec(text.replaceAll("\r\n", "\n"))?.[0]]).toEqual([args, undefined]);
    if (text.includes("\\u001b")) escaped += 1;
  }
  expect(escaped).toBeGreaterThan(20);
});
