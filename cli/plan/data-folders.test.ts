/**
 * Which combinations are the same run is known only after the worker has hashed their data: tests from the spec to the
 * plan.
 */

import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { EXECUTORS } from "../executors/index.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { loadSpec } from "../spec/load.js";
import { packageFile } from "../spec/package-files.js";
import type { Plan } from "./plan.js";
import { resolvePlan } from "./resolve-plan.js";

/** The worker imports torch, which is slow on a busy machine. */
const SECONDS = 120_000;

let folder: string;
beforeAll(() => {
  folder = tempFolder();
});

function rows(name: string, about: string): void {
  mkdirSync(join(folder, name));
  const lines = Array.from(
    { length: 16 },
    (_, i) => `${about}, row ${i >> 1}: ${i % 2 ? "poor" : "good"}\t${1 - (i % 2)}`,
  );
  for (const split of ["train", "dev"]) {
    writeFileSync(join(folder, name, `${split}.tsv`), `sentence\tlabel\n${lines.join("\n")}\n`);
  }
}

const planned = (file: string): Promise<Plan> => resolvePlan(loadSpec(file), { executor: EXECUTORS.local({}) });

const SPEC = `model: minilm
task: sst2
method: {name: lora, rank: 4}
train: {num_train_epochs: 1, batch_size: 8, max_length: 32}
`;

test(
  "folders with different rows are different runs; a copy is the run of its original, at both places",
  async () => {
    rows("fold1", "first");
    rows("fold2", "second");
    cpSync(join(folder, "fold1"), join(folder, "copy"), { recursive: true });
    const file = join(folder, "spec.yaml");
    writeFileSync(file, `${SPEC}sweep: {grid: {data.path: [fold1, fold2, copy], seed: 1..2}}\n`);
    const { cells, notes } = await planned(file);
    expect(cells.map(({ label, also }) => [label, also.map((place) => place.label)])).toEqual([
      ["path=fold1 seed=1", ["path=copy seed=1"]],
      ["path=fold1 seed=2", ["path=copy seed=2"]],
      ["path=fold2 seed=1", []],
      ["path=fold2 seed=2", []],
    ]);
    expect(notes).toEqual([
      "2 of 6 combinations are the same runs as others, by settings and contents: " +
        "path=fold1 seed=1 and path=copy seed=1; path=fold1 seed=2 and path=copy seed=2",
    ]);
  },
  SECONDS,
);

test(
  "the three folders of a bug report are three runs",
  async ({ skip }) => {
    const field = packageFile("..", "shared", "field", "01-sweep-over-data-folders", "spec.yaml");
    skip(!existsSync(field), `${field} is not here`);
    const { cells, notes } = await planned(field);
    expect(cells.map(({ label }) => label)).toEqual(["path=fold1", "path=fold2", "path=fold3"]);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(3);
    expect(notes).toEqual([]);
  },
  SECONDS,
);
