import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../cli/spec/package-files.js";
import { checkImports, importsOf } from "./check-imports.mjs";

function checkout(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "lor2c-imports-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, "cli", name)), { recursive: true });
    writeFileSync(join(root, "cli", name), text);
  }
  return root;
}

test("this checkout keeps to the list", () => {
  const { files, edges, problems } = checkImports(packageRoot());
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(100);
  expect(edges).toBeGreaterThan(100);
});

test("an import against the flow is named with its file and edge, however it is written", () => {
  const root = checkout({
    "spec/a.ts":
      'import {\n  openStore,\n} from "../store/store.js";\nimport { b } from "./b.js";\nimport { x } from "zod";\n',
    "views/v.ts": 'import type { R } from "../run/reporter.js";\nexport { r } from "../run/run.js";\n',
    "worker/w.ts": 'const m = await import("../executors/local.js");\n',
    "spec/ok.test.ts": 'import { run } from "../run/run.js";\n',
    "novel/n.ts": "",
  });
  expect(checkImports(root).problems.sort()).toEqual([
    "cli/novel/n.ts: cli/novel is not in the list of scripts/check-imports.mjs",
    "cli/spec/a.ts: spec may not import store (at run time): ../store/store.js",
    "cli/views/v.ts: views may not import run (at run time): ../run/run.js",
    "cli/worker/w.ts: worker may not import executors (at run time): ../executors/local.js",
  ]);
});

test("a folder without sources is no pass", () => {
  expect(checkImports(checkout({ "spec/a.test.ts": "" })).problems).toHaveLength(1);
});

test("finds every form of an import", () => {
  const text = `import "./a.js";
import type { B } from "./b.js";
import b, { type C } from './c.js';
export * from "./d.js";
export type { E } from "./e.js";
  const f = await import("./f.js");
const text = "from './not.js'";
`;
  expect(importsOf(text).map(({ target, typeOnly }) => `${target}${typeOnly ? " type" : ""}`)).toEqual([
    "./a.js",
    "./b.js type",
    "./c.js",
    "./d.js",
    "./e.js type",
    "./f.js",
  ]);
});
