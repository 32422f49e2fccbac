import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { loadSpec } from "./load.js";
import { modeline } from "./modeline.js";
import { packageRoot } from "./package-files.js";

const folder = join(packageRoot(), "configs");
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const specs = files.filter((file) => /\.ya?ml$/.test(file));

test("every file of configs/ is a spec that is loaded below, rows of one, or the schema", () => {
  const rows = new Set(specs.flatMap((file) => loadSpec(file).cells.map(({ settings }) => settings.data.path)));
  const others = files.filter((file) => !specs.includes(file) && !rows.has(file)).map((file) => relative(folder, file));
  expect(others.filter((name) => name !== "spec.schema.json")).toEqual([]);
  expect(specs.map((file) => relative(folder, file))).toContain("quickstart.yaml");
});

describe.each(specs.map((file) => [relative(folder, file), file]))("%s", (_, file) => {
  test("loads, without runs that are written twice", () => {
    const spec = loadSpec(file);
    expect(spec.cells.length).toBeGreaterThan(0);
    expect(spec.notes).toEqual([]);
  });
  test("is long enough for its merges and injections: such a run would be refused", () => {
    for (const { label, settings } of loadSpec(file).cells) {
      const { merges = 0, injections = 0 } = settings.method as { merges?: number; injections?: number };
      if (merges === 0 && injections === 0) continue;
      if (["alpaca", "instruct"].includes(settings.task.name)) {
        // Events of decoders fall on multiples of a real interval, and a step has at most one of each kind.
        expect([label, settings.train.max_steps]).toEqual([label, null]);
        continue;
      }
      // One of a kind falls at the end of an epoch at most (docs/semantics.md, section 3).
      expect([label, settings.train.max_steps]).toEqual([label, null]);
      expect([label, Math.max(merges, injections) <= settings.train.num_train_epochs]).toEqual([label, true]);
    }
  });
  test("names the schema in its first line", () => {
    expect(readFileSync(file, "utf8").split("\n", 1)[0]).toBe(modeline(file));
  });
});

describe("grids of merges by injections", () => {
  const grids = specs.filter((file) => dirname(file).endsWith("grids"));
  test("six tasks have one", () => {
    expect(grids.map((file) => basename(file, ".yaml")).sort()).toEqual([
      "cola",
      "mrpc",
      "qnli",
      "rte",
      "sst2",
      "stsb",
    ]);
  });
  test.each(grids.map((file) => [basename(file, ".yaml"), file]))(
    "%s: 7 x 7, with the run of configs/glue",
    (task, file) => {
      const { cells } = loadSpec(file);
      const asked = cells.map(({ axes }) => [axes["method.merges"], axes["method.injections"]]);
      expect(asked).toEqual(Array.from({ length: 49 }, (_, i) => [Math.floor(i / 7), i % 7]));
      const [alone] = loadSpec(join(folder, "glue", `${task}-imlor2c.yaml`)).cells;
      expect(cells.filter(({ settings }) => isDeepStrictEqual(settings, alone?.settings))).toHaveLength(1);
    },
  );
});
