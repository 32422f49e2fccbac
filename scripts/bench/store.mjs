/**
 * Seconds of each command that reads many runs, on a database of 1,000 runs and 2 million measured values: medians of
 * whole processes, from start to the last line. Commands take turns, so that what else the machine does meets all alike,
 * and each is compared with `lor2c --version` of the same turn.
 *
 *     npm run build && node scripts/bench/store.mjs [--runs 1000] [--rows 2000000] [--times 5] [--keep FILE] [WORD ...]
 *
 * `--keep` makes the database in FILE once and takes it again; WORDs are another command to measure instead.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const COMMANDS = [
  ["ls", "--all"],
  ["ls", "--where", "task = some-task and best.accuracy > 0.85 and method.merges >= 1", "--sort", "-best.accuracy"],
  ["ls", "--where", "tag = x or (label like '%seed=3' and not last.loss > 0.1 and experiment = large)", "--all"],
  ["ls", "--where", "train.learning_rate = 7", "--all"],
  ["compare", "large"],
  ["compare", "large", "--no-fold", "--columns", "score, best:f1, loss@best, last:train/loss, method.merges, params"],
  ["compare", "0000000000000000", "0000000000000001"],
  ["heatmap", "large"],
  ["watch", "large", "--once"],
  ["watch", "@all", "--once"],
  ["curves", "large"],
  ["curves", "grid", "--format", "svg"],
  ["pareto", "large", "--x", "seconds"],
  ["pareto", "large", "--format", "svg"],
  ["export", "--format", "csv"],
  ["export", "--format", "parquet", "-o", "OUT"],
  ["export", "--format", "latex"],
  ["export", "large", "--what", "rows", "--format", "json"],
  ["export", "grid", "--what", "metrics", "--format", "csv"],
  ["report", "grid", "-o", "OUT"],
  ["report", "large", "-o", "OUT"],
];

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "1000" },
    rows: { type: "string", default: "2000000" },
    times: { type: "string", default: "5" },
    keep: { type: "string" },
  },
});
const program = (/** @type {string} */ path) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

/** @param {string[]} args @returns {number} wall-clock seconds */
function seconds(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`node ${args.join(" ")}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const folder = mkdtempSync(join(tmpdir(), "lor2c-bench-"));
try {
  const file = given.keep ?? join(folder, "lor2c.db");
  if (!existsSync(file)) {
    const made = seconds([program("fixtures/large-store.js"), file, given.runs, given.rows]);
    process.stdout.write(`made ${file}: ${given.runs} runs, ${given.rows} rows, ${made.toFixed(1)} s\n`);
  }
  const start = ["--version"];
  const commands = [start, ...(positionals.length > 0 ? [positionals] : COMMANDS)];
  const turns = Array.from({ length: Number(given.times) }, () =>
    commands.map((command, at) => {
      const words = command.map((word) => (word === "OUT" ? join(folder, `out-${at}`) : word));
      return seconds([program("cli/main.js"), ...words, ...(command === start ? [] : ["--db", file])]);
    }),
  );
  for (const [at, command] of commands.entries()) {
    const all = turns.map((turn) => turn[at] ?? Number.NaN);
    const ratio = median(turns.map((turn) => (turn[at] ?? Number.NaN) / (turn[0] ?? Number.NaN)));
    const [least, most] = [Math.min(...all), Math.max(...all)];
    process.stdout.write(
      `${median(all).toFixed(2)} s (${least.toFixed(2)} to ${most.toFixed(2)}), ${ratio.toFixed(1)} x  lor2c ${command.join(" ")}\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
