import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { load, write } from "./fixtures/specs.js";
import { loadSpec } from "./load.js";
import { modeline, starterFile, starterText } from "./modeline.js";

const line = (path: string) => `# yaml-language-server: $schema=${path}`;

test.each([
  ["beside it", "/pkg/configs/a.yaml", "/pkg", "./spec.schema.json"],
  ["below it", "/pkg/configs/glue/a.yaml", "/pkg", "../spec.schema.json"],
  ["elsewhere in the checkout", "/pkg/my/a.yaml", "/pkg", "../configs/spec.schema.json"],
  [
    "a project that has the package",
    "/work/a.yaml",
    "/work/node_modules/lor2c",
    "./node_modules/lor2c/configs/spec.schema.json",
  ],
  [
    "a package somewhere else",
    "/home/me/a.yaml",
    "/usr/lib/node_modules/lor2c",
    "/usr/lib/node_modules/lor2c/configs/spec.schema.json",
  ],
])("modeline: %s", (_, file, root, expected) => {
  expect(modeline(file, root, `${root}/configs/spec.schema.json`)).toBe(line(expected));
});

test("the starter is a spec under the new name", () => {
  const text = starterText(readFileSync(starterFile(), "utf8"), "my: run.yaml", "my: run");
  expect(text.split("\n", 1)[0]).toMatch(/^# yaml-language-server: \$schema=\S+spec\.schema\.json$/);
  expect(text).not.toContain("quickstart");
  expect(loadSpec(write("starter.yaml", text))).toMatchObject({ name: "my: run", cells: Array(10).fill({}) });
  expect(() => load(text)).toThrow(); // the tests' own catalog has other methods
});
