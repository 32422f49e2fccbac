import { join } from "node:path";
import stringWidth from "string-width";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkerEvent } from "../protocol/messages.js";
import { claimAll, sampleCell, sampleEvents as say, tempFolder } from "../store/fixtures/sample.js";
import { getRun, type RunRow } from "../store/read.js";
import { openStore, type Store } from "../store/store.js";
import { endAttempt, ingest, registerExperiment } from "../store/write.js";
import { VIEWS } from "./index.js";

const DONE = sampleCell("a".repeat(16), { label: "seed=17" });
const BROKEN = sampleCell("b".repeat(16), { label: "seed=18", seed: 18 });
const PLANNED = sampleCell("c".repeat(16), { label: "seed=19", seed: 19 });

let temp: { folder: string; remove: () => void };
let store: Store;
beforeAll(() => {
  temp = tempFolder();
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

/** 4 layers, 3 epochs: after the first, 2 and 3 merge; after the second, 0 gives way. */
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
    say.finished([cell], 48),
  ];
}

function show(name: string, id: string, width = 80): string {
  const view = VIEWS.find((candidate) => candidate.name === name);
  if (!view) throw new Error(`no view ${name}`);
  const data = view.load(store, getRun(store, id) as RunRow);
  const text = view.render(JSON.parse(JSON.stringify(data)), width);
  return text
    .replaceAll(temp.folder, "/db")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z)?/g, "(time)")
    .replace(/process \d+ on \S+/g, "(runner)");
}

test("summary of a finished run", () => {
  expect(`\n${show("summary", DONE.id)}\n`).toBe(`
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
seconds      1m, 50.0s of it training steps
tokens/s     2,000
peak memory  977 KiB
device       cpu (a processor)
python       3.11.9, worker 0.1.0
git          0123456789 with local changes
folder       /db/runs/aaaaaaaaaaaaaaaa/attempt-2

note: 3,000 of 8,000 rows
note: fp32

adapter  /db/runs/aaaaaaaaaaaaaaaa/attempt-2/adapter (12 B)
`);
});

test("summary of a failed run ends with its traceback, of a planned one with its settings", () => {
  const failed = show("summary", BROKEN.id);
  expect(failed).toContain("error    DivergedError\nmessage  the loss is not finite\n");
  expect(failed).toContain("traceback (5 lines above)\n  frame 6\n");
  expect(failed.endsWith("  frame 20")).toBe(true);
  expect(show("summary", PLANNED.id)).toMatch(
    /state {6}planned\n(.*\n)*training +188 steps, batch 32, learning rate 0.002, fp32$/,
  );
});

test("summary of a run that held-out rows chose, with a fixed epoch, and collapsed", () => {
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
      eval_best_epoch: 1,
      collapsed: true,
    },
  ]);
  expect(show("summary", held.id)).toContain(`
state       finished
collapsed   yes: after the chosen epoch all evaluation rows get one and the same prediction
accuracy    0.6000 after epoch 2, chosen on held-out rows, 0.6500 there (majority class 0.5000)
at the end  0.6000
at epoch 1  0.7000
optimism    0.1000: choosing on the evaluation rows would have given 0.7000 after epoch 1
model `);
  held.settings.train.report_epoch = 2;
  registerExperiment(store, { name: "held", specFile: null, specText: "", cells: [held] });
  expect(show("summary", held.id)).toContain("\nat epoch 2  - (not reached)\n");
});

test("timeline: layers by epoch with scores, merged spans and injections, then the changes", () => {
  expect(`\n${show("timeline", DONE.id)}\n`).toBe(`
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
  expect(show("timeline", PLANNED.id)).toBe("this run has no modules that change, are scored or have ranks");
});

test("timeline: ranks by epoch, and the score at every rank", () => {
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
  expect(`\n${show("timeline", id)}\n`).toBe(`
                epoch
rank             1   2
layer 2 query    6   4
layer 10 query  14  12

                  epoch
accuracy at rank       1       2
1                 0.6000       -
10                0.7000  0.7000
`);
  expect(show("timeline", id, 25)).toContain("1 of 2 epochs shown");
});

test("timeline with more epochs than columns shows the first, the last and evenly between", () => {
  expect(show("timeline", DONE.id, 13).split("\n")[1]).toBe("layer    1  3");
});

test("curves: losses and score; what was not finite is said", () => {
  const text = show("curves", DONE.id);
  expect(text).toMatch(/^training loss by epoch: last 0\.1349\n {5}0\.8 ┤/);
  expect(text).toContain("evaluation loss by epoch: last 0.4\n");
  expect(text).toContain("accuracy (majority class 0.5) by epoch: last 0.81\n");
  expect(show("curves", BROKEN.id)).toContain("training loss by epoch: last -, 1 of 2 not finite");
  expect(show("curves", PLANNED.id)).toBe("nothing has been measured yet");
});

test("attempts: every try", () => {
  expect(show("attempts", DONE.id)).toMatch(/\n {6}1 {2}stopped .*\n {6}2 {2}finished .* 0\.8100 {2}\(runner\)$/);
  expect(show("attempts", BROKEN.id, 120)).toContain("DivergedError: the loss is not finite");
  expect(show("attempts", PLANNED.id)).toBe("not tried yet");
});

test("settings: dotted keys as --set takes them, and the fingerprint", () => {
  const text = show("settings", DONE.id);
  expect(text).toMatch(/^train\.learning_rate +0\.002$/m);
  expect(text).toMatch(/^method\.targets +\["query","value"\]$/m);
  expect(text).toMatch(/^weights +aa$/m);
});

test.each([60, 120])("grids and charts keep to %i columns", (width) => {
  for (const name of ["curves", "timeline", "attempts"]) {
    const drawn = show(name, DONE.id, width).replace(/\n\nepoch 1: merge[^~]*/, ""); // changes are sentences
    for (const line of drawn.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  }
});

test("names are unique", () => expect(new Set(VIEWS.map((view) => view.name)).size).toBe(VIEWS.length));
