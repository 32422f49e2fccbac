/**
 * How much longer `lor2c --help` takes than Node alone: medians over alternating runs, so that other load slows down
 * both.
 *
 *     npm run build && node scripts/bench/help.mjs [RUNS]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const runs = Number(process.argv[2] ?? 20);
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Wall-clock milliseconds of `node ...args`. @param {string[]} args */
function milliseconds(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")}: ${stderr}`);
  return performance.now() - start;
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const node = [];
const help = [];
for (let run = 0; run < runs; run++) {
  node.push(milliseconds(["-e", "0"]));
  help.push(milliseconds([program, "--help"]));
}
const [alone, ours] = [median(node), median(help)];
process.stdout.write(
  `node -e 0: ${alone.toFixed(0)} ms, lor2c --help: ${ours.toFixed(0)} ms, more: ${(ours - alone).toFixed(0)} ms (medians of ${runs})\n`,
);
