import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTILE } from "../fixtures/hostile.js";
import { disposableFolder } from "../store/fixtures/sample.js";
import { storeOf } from "../views/compare/fixtures/stored.js";
import { type ExportRequest, exportRuns } from "./export-runs.js";

let temp: { folder: string; remove: () => void };
beforeAll(() => {
  temp = disposableFolder();
  const lora = (seed: number, scores: [number, number]) => ({
    ...{ label: `lora seed=${seed}`, seed, scores, method: { name: "lora", rank: 8, merging: true } },
  });
  const share = { label: `share${HOSTILE}`, seed: 1, method: { name: "share", rank: 4 }, scores: [0.5, 0.9] as const };
  storeOf(temp.folder, [
    lora(1, [0.7, 0.8]),
    lora(2, [0.6, 0.9]),
    { ...share, scores: [...share.scores] as [number, number], learning_rate: 0.01 },
  ]).close();
});
afterAll(() => temp.remove());

async function exported(request: Partial<ExportRequest>): Promise<Buffer> {
  const output = join(temp.folder, "out");
  const db = join(temp.folder, "lor2c.db");
  await exportRuns({ words: ["sample"], what: "runs", format: "csv", db, output, ...request });
  return readFileSync(output);
}

test("runs: scores, and a typed column for each setting that differs", async () => {
  const rows = await parquetReadObjects({ file: new Uint8Array(await exported({ format: "parquet" })).buffer });
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({
    ...{ run: "0000000000000000", label: "lora seed=1", seed: 1n, state: "finished", best_score: 0.8 },
    ...{ "best.accuracy": 0.8, "best.loss": 0.5, "method.name": "lora", "method.rank": 8n, "method.merging": true },
    ...{ "train.learning_rate": 0.002 },
  });
  expect(rows[2]).toMatchObject({ label: `share${HOSTILE}`, "method.merging": null, "train.learning_rate": 0.01 });
});

test("rows: seeds folded, with the 95 % interval; LaTeX without ids", async () => {
  const csv = String(await exported({ what: "rows", columns: "score,params" })).split("\r\n");
  expect(csv[0]).toMatch(
    /^task,score_name,eval_rows,numerics,apart,name,seeds,finished,score,score_low,score_high,score_sd,score_n,score_change,params,params_low,/,
  );
  expect(csv[2]).toMatch(/^some-task,accuracy,1000,3,,lora,2,2,0\.85\d*,0\.21\d+,1\.48\d+,.*,0000000000000000 0001/);
  const latex = String(await exported({ what: "rows", columns: "score", format: "latex" }));
  expect(latex).toContain("name & accuracy & seeds");
  expect(latex).not.toContain("0000000000000000");
});

test("runs for documents: the label, the score, its epoch and the parameters; --columns takes others, for programs too", async () => {
  expect(String(await exported({ format: "markdown", where: ["method = lora"] }))).toMatch(
    /^\| name \| accuracy \| best epoch \| parameters \|\n\| --- \| ---: \| ---: \| ---: \|\n\| lora seed=2 \| \*\*0\.9000\*\* \| 2 \|/,
  );
  const latex = String(await exported({ format: "latex", columns: "seed, max:accuracy as best" }));
  expect(latex).toContain("\\begin{tabular}{lrr}\n\\toprule\nname & seed & best \\\\");
  expect(latex).not.toContain("half of");
  const headed = String(await exported({ format: "latex", columns: 'score as "score, in %"' }));
  expect(headed).toContain("name & score, in \\% \\\\");
  const [header, ...rows] = String(await exported({ columns: "score, method.rank" }))
    .trimEnd()
    .split("\r\n");
  expect([header?.split(",").slice(5, 9), rows.length]).toEqual([["name", "seeds", "finished", "score"], 3]);
});

test("metrics and views; where filters", async () => {
  const csv = String(await exported({ what: "metrics", where: ["seed = 2"] }))
    .trimEnd()
    .split("\r\n");
  expect(csv[0]).toBe("run,label,split,name,step,epoch,value");
  expect(csv.slice(1)).toHaveLength(4);
  expect(csv).toContain("0001000100010001,lora seed=2,eval,accuracy,188,2,0.9");
  expect(JSON.parse(String(await exported({ what: "curves", format: "json" })))).toHaveLength(12);
  expect(String(await exported({ what: "curves", format: "vega-lite" }))).toContain("vega-lite/v6.json");
});

test.each([
  [{ what: "runs", format: "vega-lite" }, /runs is no picture/],
  [{ what: "summary", format: "csv" }, /the view summary is no table/],
  [{ what: "metrics", columns: "score" }, /--columns does not go with --what metrics/],
  [{ where: ["seed = 99"] }, /there are no such runs/],
] as [Partial<ExportRequest>, RegExp][])("%j is an error that says why", async (request, message) => {
  await expect(exported(request)).rejects.toThrow(message);
});
