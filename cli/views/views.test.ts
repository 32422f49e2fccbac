import { join } from "node:path";
import { parseHTML } from "linkedom";
import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TABLE_FORMATS, tableFile } from "../export/table-file.js";
import { CONTROLS, HOSTILE } from "../fixtures/hostile.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { getRun, type RunRow } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { endAttempt, ingest, registerExperiment } from "../store/write.js";
import { loadCurves, panelsOf } from "./curves/data.js";
import { tooWide } from "./fixtures/too-wide.js";
import { expectVegaLite } from "./fixtures/vega-lite.js";
import { VIEWS } from "./index.js";
import { svgToPng } from "./parts/png.js";
import { visible } from "./parts/visible.js";
import { timeline } from "./timeline/index.js";
import { rankLines } from "./timeline/ranks.js";
import type { OfRun, View } from "./view.js";

/** `confusion` needs the predictions' file of each run: confusion/confusion.test.ts. */
const OF_THE_DATABASE = VIEWS.filter(({ name }) => name !== "confusion");

const DONE = sampleCell("a".repeat(16), { label: "seed=17" });
const BROKEN = sampleCell("b".repeat(16), { label: "seed=18", seed: 18 });
const PLANNED = sampleCell("c".repeat(16), { label: "seed=19", seed: 19 });

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = disposableFolder();
  store = openStore(join(temp.folder, "lor2c.db"));
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [DONE, BROKEN, PLANNED] });
  endAttempt(store, claimAll(store, [DONE]).get(DONE.id) as number, "stopped");
  ingest(store, claimAll(store, [DONE]), trained(DONE.id), { commit: "0123456789abcdef", dirty: true });
  ingest(
    store,
    claimAll(store, [BROKEN]),
    [
      say.metrics([BROKEN.id], 1, 10, { loss: 0.7 }),
      say.metrics([BROKEN.id], 2, 20, { loss: null }),
      {
        type: "failed",
        seq: 3,
        cells: [BROKEN.id],
        error_type: "DivergedError",
        message: "the loss is not finite",
        traceback: Array.from({ length: 20 }, (_, i) => `frame ${i + 1}`).join("\n"),
      },
    ],
    null,
  );
});
afterAll(() => {
  store.close();
  temp.remove();
});

/** 4 layers, 3 epochs: after the first, layers 2 and 3 merge; after the second, layer 0 is injected. */
function trained(cell: string): WorkerEvent[] {
  const layer = (span_start: number, span_end: number, score: number | null, kind: "lor2c" | "lora" = "lor2c") => ({
    span_start,
    span_end,
    kind,
    score,
  });
  const scores = (seq: number, epoch: number, modules: ReturnType<typeof layer>[]): WorkerEvent => ({
    ...say.moduleScores([cell], seq),
    epoch,
    step: epoch * 94,
    modules,
  });
  return [
    say.ready(),
    say.started([cell]),
    ...Array.from({ length: 28 }, (_, i) =>
      say.metrics([cell], 2 + i, 10 * (i + 1), { loss: 0.7 * Math.exp(-i / 9) + 0.1 }),
    ),
    say.metrics([cell], 40, 94, { accuracy: 0.7, loss: 0.6 }, "eval"),
    scores(41, 1, [layer(0, 0, 0.1), layer(1, 1, 0.4), layer(2, 2, 0.6), layer(3, 3, 0.8)]),
    { ...say.change([cell], 42), detail: "" },
    say.metrics([cell], 43, 188, { accuracy: 0.81, loss: 0.4 }, "eval"),
    scores(44, 2, [layer(0, 0, 0.2), layer(1, 1, 0.5), layer(2, 3, 0.9)]),
    {
      ...say.change([cell], 45),
      kind: "inject",
      step: 188,
      epoch: 2,
      span_start: 0,
      span_end: 0,
      score: null,
      margin: null,
    },
    scores(46, 3, [layer(0, 0, null, "lora"), layer(1, 1, 0.5), layer(2, 3, null)]),
    say.artifact([cell], 47, join(temp.folder, "runs", cell, "attempt-2", "adapter")),
    say.usage([cell], 48),
    say.finished([cell], 49),
  ];
}

async function viewOf(name: string): Promise<View> {
  const entry = VIEWS.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`no view ${name}`);
  return entry.open();
}

const load = async (name: string, ids: readonly string[]) =>
  JSON.parse(
    JSON.stringify(
      (await viewOf(name)).load(
        store,
        ids.map((id) => getRun(store, id) as RunRow),
      ),
    ),
  );

async function show(name: string, ids: string | string[], width = 80): Promise<string> {
  const text = (await viewOf(name)).text(await load(name, [ids].flat()), width);
  return text
    .replaceAll(temp.folder, "/db")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z)?/g, "(time)")
    .replace(/process \d+ on \S+/g, "(runner)");
}

test("summary of a finished run", async () => {
  expect(`\n${await show("summary", DONE.id)}\n`).toBe(`
aaaaaaaaaaaaaaaa  seed=17

state       finished
accuracy    0.8100 after epoch 2 (majority class 0.5000)
at the end  0.8100
model       tiny
task        some-task
method      some-method
seed        17
trainable   1,000 (900 at the end) + 770 head, of 22,000,000
rows        3,000 train, 1,000 eval
training    188 steps, batch 32, learning rate 0.002, fp32

attempt      2 of 2
started      (time)
ended        (time)
took         1m, 50.0s of it training steps
tokens/s     2,000
memory       977 KiB at most, 781 KiB on average, 967 KiB or less 99 % of the
             time
utilisation  75 % on average, 100 % at most
CPU time     45.0s
energy       250 J (0.07 Wh), 4 W on average
device       cpu (a processor)
python       3.11.9, worker 0.1.0
git          0123456789 with local changes
folder       /db/runs/aaaaaaaaaaaaaaaa/attempt-2

note: 3,000 of 8,000 rows
note: fp32

adapter  /db/runs/aaaaaaaaaaaaaaaa/attempt-2/adapter (12 B)
`);
});

test("summary of a failed run ends with its traceback, that of a planned one with its settings", async () => {
  const failed = await show("summary", BROKEN.id);
  expect(failed).toContain("error    DivergedError\nmessage  the loss is not finite\n");
  expect(failed).toContain("traceback (5 lines above)\n  frame 6\n");
  expect(failed.endsWith("  frame 20")).toBe(true);
  expect(await show("summary", PLANNED.id)).toMatch(
    /state {6}planned\n(.*\n)*training +188 steps, batch 32, learning rate 0.002, fp32$/,
  );
});

test("summary of a collapsed run with a fixed epoch whose best epoch was chosen on held-out rows", async () => {
  const held = sampleCell("d".repeat(16), { label: "seed=20", seed: 20 });
  held.settings.train.report_epoch = 1;
  registerExperiment(store, { name: "held", specFile: null, specText: "", cells: [held] });
  ingest(store, claimAll(store, [held]), [
    say.started([held.id]),
    say.metrics([held.id], 2, 94, { accuracy: 0.7 }, "eval"),
    {
      ...say.finished([held.id], 3, 0.6),
      chosen_on: "holdout",
      chosen_score: 0.65,
      eval_best_score: 0.7,
      eval_best_epoch: 1.3333,
      collapsed: true,
      collapsed_to: "nega\ntive", // a label of a user's rows
      collapsed_share: 0.625,
    },
  ]);
  expect(await show("summary", held.id)).toContain(`
state       finished
collapsed   yes: after the chosen epoch all evaluation rows get one and the same
            prediction, nega tive, which 62.5 % of them have
            what usually helps: train.class_weights: balanced, since that label
            is so frequent; a lower train.learning_rate (now 0.002); a longer
            warm-up, train.warmup_ratio (now 0.06); more epochs (now 2)
accuracy    0.6000 after epoch 2, chosen on held-out rows, 0.6500 there
            (majority class 0.5000)
at the end  0.6000
at epoch 1  0.7000
optimism    0.1000: choosing on the evaluation rows would have given 0.7000
            after epoch 1.33
model `);
  held.settings.train.report_epoch = 2;
  registerExperiment(store, { name: "held", specFile: null, specText: "", cells: [held] });
  expect(await show("summary", held.id)).toContain("\nat epoch 2  - (not reached)\n");
});

test("timeline: layers by epoch with scores, merged spans and injections, then the changes", async () => {
  expect(`\n${await show("timeline", DONE.id)}\n`).toBe(`
         epoch
layer    1  2  3
    0    ░  ░  +
    1    ▒  ▓  ▓
    2    ▓  █  ×
    3    █  │  │

░▒▓█ low to high score (sfs 0.1 to 0.9)
│ merged with the one above  + injected  × not finite  · none

epoch 1: merge layers 2 to 3, score 0.4, margin 0.1, 900 trainable
epoch 2: inject layer 0, 900 trainable, layers 2 and 3
`);
});

test("timeline: that a run has no such modules is said only when it is over", async () => {
  const [{ data }] = await load("timeline", [PLANNED.id]);
  const texts = ["finished", "running"].map((state) =>
    timeline.text([{ run: "a", label: "b", data: { ...data, state } }], 80),
  );
  expect(texts[0]).toBe("this run has no modules that change, are scored or have ranks");
  expect(texts[1]).toMatch(/^nothing yet \(running\): modules, their scores and ranks/);
});

test("timeline: ranks by epoch, and the score at every rank", async () => {
  const adaptive = sampleCell("e".repeat(16), { seed: 21 });
  registerExperiment(store, { name: "ranks", specFile: null, specText: "", cells: [adaptive] });
  const id = adaptive.id;
  const ranks = (seq: number, epoch: number, rank: number): WorkerEvent => ({
    type: "ranks",
    seq,
    cells: [id],
    step: epoch * 94,
    epoch,
    modules: [10, 2].map((layer) => ({
      module: `bert.encoder.layer.${layer}.attention.self.query`,
      rank: rank + layer,
    })),
  });
  const scores = (seq: number, epoch: number, one: number | null) =>
    say.metrics([id], seq, epoch * 94, { accuracy: 0.7, "accuracy@1": one, "accuracy@10": 0.7, "f1@1": 0.2 }, "eval");
  ingest(store, claimAll(store, [adaptive]), [
    say.started([id]),
    ranks(2, 1, 4),
    scores(3, 1, 0.6),
    ranks(4, 2, 2),
    scores(5, 2, null),
  ]);
  expect(`\n${await show("timeline", id)}\n`).toBe(`
                epoch
rank             1   2
layer 2 query    6   4
layer 10 query  14  12

                  epoch
accuracy at rank       1       2
1                 0.6000       -
10                0.7000  0.7000
`);
  expect(await show("timeline", id, 25)).toContain("1 of 2 epochs shown");
});

test("timeline with more epochs than columns shows the first, the last, and some evenly between", async () => {
  expect((await show("timeline", DONE.id, 13)).split("\n")[1]).toBe("layer    1  3");
});

test("curves: losses and score; values that are not finite are counted", async () => {
  const text = await show("curves", DONE.id);
  expect(text).toMatch(/^training loss by epoch: last 0\.1349\n {5}0\.8 ┤/);
  expect(text).toContain("evaluation loss by epoch: last 0.4\n");
  expect(text).toContain("accuracy (majority class 0.5) by epoch: last 0.81\n");
  expect(await show("curves", BROKEN.id)).toContain("training loss by epoch: last -, 1 of 2 not finite");
  expect(await show("curves", PLANNED.id)).toBe("nothing has been measured yet");
});

test("curves: a loss that is the score is drawn once", async () => {
  const data = loadCurves(store, getRun(store, DONE.id) as RunRow);
  const titles = panelsOf([{ run: DONE.id, label: "a", data: { ...data, score_name: "loss" } }]);
  expect(titles.map(({ title }) => title)).toEqual(["training loss", "evaluation loss"]);
});

test("attempts: one block for each attempt", async () => {
  expect(await show("attempts", DONE.id, 120)).toMatch(
    /\n {6}1 {2}stopped .*\n {6}2 {2}finished .* 0\.8100 {2}\(runner\)$/,
  );
  expect(await show("attempts", DONE.id, 80)).toMatch(/^attempt +state +started +ended +took +score +runner$/m);
  store.db.prepare("UPDATE attempts SET ended_at = '2031-01-01T00:00:01Z' WHERE run = ? AND number = 1").run(DONE.id);
  expect(await show("attempts", DONE.id)).toMatch(/ 1 {2}stopped .* (2031-01-01 00:00:01|\(time\)) +- +-$/m);
  expect(await show("attempts", BROKEN.id, 120)).toContain("DivergedError: the loss is not finite");
  expect(await show("attempts", PLANNED.id)).toBe("not tried yet");
});

test("settings: dotted keys as --set takes them, and the fingerprint", async () => {
  const text = await show("settings", DONE.id);
  expect(text).toMatch(/^train\.learning_rate +0\.002$/m);
  expect(text).toMatch(/^method\.targets +\["query","value"\]$/m);
  expect(text).toMatch(/^weights +aa$/m);
});

/** The data of a view with a change to each of its texts. */
function everywhere(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => everywhere(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everywhere(item, change)]));
}

test.each([60, 80, 120, 200])("with long texts everywhere, no view is wider than %i columns", async (width) => {
  const whole = (text: string) => text.startsWith("/") || text.includes("\nframe"); // paths and tracebacks
  const long = (text: string) => (whole(text) ? text : `${text} ${"and so on 日本語 ".repeat(12)}`);
  for (const { name } of OF_THE_DATABASE) {
    const view = await viewOf(name);
    const data = await load(name, [DONE.id, BROKEN.id, PLANNED.id]);
    for (const shown of [data, everywhere(data, long), [data[0]]] as OfRun<unknown>[][]) {
      expect([name, tooWide(view.text(shown, width), width)]).toEqual([name, []]);
    }
    expect(view.text(data, null)).not.toBe("");
  }
});

test("names are unique", () => expect(new Set(VIEWS.map((view) => view.name)).size).toBe(VIEWS.length));

describe("several runs", () => {
  test("are drawn in one chart, with a line and its last value for each", async () => {
    const text = await show("curves", [DONE.id, BROKEN.id, PLANNED.id]);
    expect(text).toContain("training loss by epoch\n");
    expect(text).toMatch(/ 2\n[\s\S]* 1\n/); // each mark is at the end of its line; the failed run ended higher
    expect(text).toContain(
      "\n  1  aaaaaaaa  seed=17: last 0.1349\n  2  bbbbbbbb  seed=18: last -, 1 of 2 not finite\n",
    );
    expect(text).not.toContain("cccccccc"); // the run has no values
    for (const line of text.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  });
  test("each have a block in the other views, under their name", async () => {
    const text = await show("attempts", [DONE.id, PLANNED.id]);
    expect(text).toMatch(/^a{16} {2}seed=17\n\nattempt [\s\S]*\n\n\nc{16} {2}seed=19\n\nnot tried yet$/);
    expect((await show("summary", [DONE.id, BROKEN.id])).match(/^state /gm)).toHaveLength(2);
  });
  test("each have an entry in the data, in the order of the arguments", async () => {
    for (const { name } of OF_THE_DATABASE) {
      const data = await load(name, [BROKEN.id, DONE.id]);
      expect(data).toMatchObject([
        { run: BROKEN.id, label: "seed=18" },
        { run: DONE.id, label: "seed=17" },
      ]);
      expect((await load(name, [DONE.id]))[0].data).toEqual(data[1].data);
    }
  });
});

test("modules with the same short name keep their own rows", () => {
  const row = (module: string, rank: number) => ({ module, step: 94, epoch: 1, rank });
  const lines = rankLines([row("bert.layer.3.attention.dense", 4), row("bert.layer.3.output.dense", 7)], 60);
  expect(lines.slice(2)).toEqual(["bert.layer.3.attention.dense  4", "bert.layer.3.output.dense     7"]);
});

describe("pictures", () => {
  const draw = async (name: string, ids: string[]) => (await viewOf(name)).svg?.(await load(name, ids)) ?? "";
  const textsOf = (svg: string) =>
    [...parseHTML(svg).document.querySelectorAll("text")].map((element) => element.textContent);

  test("curves: a chart for each measure, a line for each run, the same bytes each time", async () => {
    const svg = await draw("curves", [DONE.id, BROKEN.id]);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(["2 runs", "training loss; 1 value not finite", "aaaaaaaa  seed=17", "bbbbbbbb  seed=18"]),
    );
    const { document } = parseHTML(svg);
    expect(document.querySelectorAll('[aria-label="line"] path')).toHaveLength(4);
    expect(await draw("curves", [DONE.id, BROKEN.id])).toBe(svg);
    expect(textsOf(await draw("curves", [PLANNED.id]))).toContain("nothing has been measured yet");
  });
  test("timeline: a rectangle for each module and epoch, the changes as text", async () => {
    const svg = await draw("timeline", [DONE.id]);
    expect(parseHTML(svg).document.querySelectorAll('[aria-label="rect"] rect')).toHaveLength(4 + 3 + 3 + 64);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(["layer 3", "+", "×", "epoch 2: inject layer 0, 900 trainable, layers 2 and 3"]),
    );
    expect(textsOf(await draw("timeline", [PLANNED.id]))).toContain(
      "nothing yet (planned): modules, their scores and ranks are stored at the end of each epoch",
    );
  });
  test("timeline: as wide as its texts and cells need", async () => {
    const widthOf = (svg: string) => Number(parseHTML(svg).document.querySelector("svg")?.getAttribute("width"));
    expect(widthOf(await draw("timeline", [PLANNED.id]))).toBeLessThan(600);
    expect(widthOf(await draw("timeline", [DONE.id]))).toBeLessThanOrEqual(720);
  });
  test.each(["curves", "timeline"])("%s becomes a PNG, also of 30 runs", async (name) => {
    const [one] = await load(name, [DONE.id]);
    const many = Array.from({ length: 30 }, (_, i) => ({ ...one, run: String(i).padStart(16, "0") }));
    const svg = (await (await viewOf(name)).svg?.(many)) ?? "";
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svgToPng(svg).subarray(1, 4).toString()).toBe("PNG");
  });
});

test("curves: a table with every value, a picture for Vega-Lite", async () => {
  const view = await viewOf("curves");
  const data = await load("curves", [DONE.id, BROKEN.id]);
  const { columns, rows } = view.table?.(data) ?? { columns: [], rows: [] };
  expect(columns.map(({ key }) => key)).toEqual(["run", "label", "split", "name", "step", "epoch", "value"]);
  expect(rows).toHaveLength(28 + 2 + 2 + 2);
  expect(rows).toContainEqual([DONE.id, "seed=17", "eval", "accuracy", 188, 2, 0.81]);
  expect(rows.at(-1)).toEqual([BROKEN.id, "seed=18", "train", "loss", 20, expect.any(Number), null]);
  const spec = (await view.vega?.(data)) as { data: { values: unknown[] } };
  expectVegaLite(spec);
  expect(spec.data.values).toContainEqual({ run: "aaaaaaaa seed=17", measure: "accuracy", epoch: 2, value: 0.81 });
});

test("timeline: a row for each score and change; a merged module is a block over its layers", async () => {
  const view = await viewOf("timeline");
  const data = await load("timeline", [DONE.id]);
  const rows = view.table?.(data).rows ?? [];
  expect(rows.map(([, , record]) => record)).toEqual([...Array(10).fill("score"), "change", "change"]);
  expect(rows.at(-2)).toEqual([...[DONE.id, "seed=17", "change", 94, 1, 2, 3, null, "merge", "score", 0.4, 900, ""]]);
  const spec = (await view.vega?.(data)) as { vconcat: { hconcat: { data: { values: unknown[] } }[] }[] };
  expectVegaLite(spec);
  expect(spec.vconcat[0]?.hconcat[0]?.data.values).toHaveLength(4 * 3);
});

test("a table has a value of the column's type for each column, in every view that has one", async () => {
  const types = { text: "string", integer: "number", real: "number", boolean: "boolean" };
  for (const { name } of OF_THE_DATABASE) {
    const table = (await viewOf(name)).table?.(await load(name, [DONE.id, BROKEN.id]));
    if (!table) continue;
    expect(new Set(table.columns.map(({ key }) => key)).size).toBe(table.columns.length);
    for (const row of table.rows) {
      expect(row).toHaveLength(table.columns.length);
      for (const [i, value] of row.entries()) {
        if (value !== null) expect([name, typeof value]).toEqual([name, types[table.columns[i]?.type ?? "text"]]);
      }
    }
    for (const format of TABLE_FORMATS) expect((await tableFile(table, format)).length).toBeGreaterThan(2);
  }
});

test("no control character of the data reaches a terminal or a picture", async () => {
  for (const { name } of OF_THE_DATABASE) {
    const view = await viewOf(name);
    const data = everywhere(await load(name, [DONE.id, BROKEN.id]), (text) => text + HOSTILE) as OfRun<unknown>[];
    const svg = await view.svg?.(data);
    for (const text of [visible(view.text(data, 100)), svg ?? ""]) {
      expect(text).not.toMatch(CONTROLS);
    }
    if (svg) expect(svgToPng(svg).length).toBeGreaterThan(10_000);
    const vega = await view.vega?.(data);
    if (vega) expectVegaLite(vega);
    const table = view.table?.(data);
    if (!table) continue;
    for (const format of ["latex", "markdown", "json"] as const) {
      expect(await tableFile(table, format)).not.toMatch(CONTROLS);
    }
  }
});
