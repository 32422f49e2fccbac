import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../cli/fixtures/temp-folder.js";
import { packageFile, packageRoot } from "../cli/spec/package-files.js";
import { ALLOWED, checkImports, FLOOR, importsOf } from "./check-imports.mjs";

const NO_FLOOR = { files: 0, edges: 0 };

/** A checkout with one empty source for each folder of the list, and `files` of cli/. */
function checkout(files: Record<string, string>): string {
  const root = tempFolder();
  const folders = Object.keys(ALLOWED).map((unit) => [`${unit}/empty.ts`, ""]);
  for (const [name = "", text = ""] of [...folders, ...Object.entries(files)]) {
    mkdirSync(dirname(join(root, "cli", name)), { recursive: true });
    writeFileSync(join(root, "cli", name), text);
  }
  return root;
}

describe("the imports between the folders of cli/", () => {
  test("of this checkout are all in the list", () => {
    const { files, edges, problems } = checkImports(packageRoot());
    expect(problems).toEqual([]);
    expect(files).toBeGreaterThanOrEqual(FLOOR.files);
    expect(edges).toBeGreaterThanOrEqual(FLOOR.edges);
  });

  test("one against the flow is named with its file and edge, however it is written", () => {
    const root = checkout({
      "spec/a.ts":
        'import {\n  openStore,\n} from "../store/store.js";\nimport { b } from "./b.js";\nimport { x } from "zod";\n',
      "views/v.ts": 'import type { R } from "../job/reporter.js";\nexport { r } from "../job/run.js";\n',
      "worker/w.ts": 'const m = await import("../executors/local.js");\n',
      "spec/ok.test.ts": 'import { run } from "../job/run.js";\n',
      "novel/n.ts": "",
    });
    expect(checkImports(root, NO_FLOOR).problems.sort()).toEqual([
      "cli/novel/n.ts: cli/novel is not in the list of scripts/check-imports.mjs",
      "cli/spec/a.ts: spec may not import store (at run time): ../store/store.js",
      "cli/views/v.ts: views may not import job (at run time): ../job/run.js",
      "cli/worker/w.ts: worker may not import executors (at run time): ../executors/local.js",
    ]);
  });

  test("a checker that sees too few files or imports fails, even if none is wrong", () => {
    const root = checkout({ "plan/p.ts": 'import { load } from "../spec/load.js";\n' });
    const files = Object.keys(ALLOWED).length + 1;
    expect(checkImports(root, { files, edges: 1 }).problems).toEqual([]);
    expect(checkImports(root, { files: files + 1, edges: 1 }).problems).toHaveLength(1);
    expect(checkImports(root, { files, edges: 2 }).problems).toHaveLength(1);

    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [packageFile("scripts", "check-imports.mjs"), root],
      {
        encoding: "utf8",
      },
    );
    expect(status).toBe(1);
    expect(stdout).toBe(`${files} files, 1 imports between folders, problems: 1\n`);
    expect(stderr).toBe(
      `saw ${files} files and 1 imports between folders, of at least ${FLOOR.files} and ${FLOOR.edges}\n`,
    );
  });

  test("a folder of the list that does not exist is named", () => {
    const root = checkout({});
    rmSync(join(root, "cli", "stats"), { recursive: true });
    expect(checkImports(root, NO_FLOOR).problems).toEqual([
      "cli/stats is in the list of scripts/check-imports.mjs and has no sources",
    ]);
  });

  test("are found in every form", () => {
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
});

describe("circles, which biome.json forbids", () => {
  /** What Biome says about the files `a.ts` and `b.ts`, under this checkout's biome.json. */
  function biome(a: string, b: string) {
    const root = tempFolder();
    copyFileSync(packageFile("biome.json"), join(root, "biome.json"));
    writeFileSync(join(root, "a.ts"), a);
    writeFileSync(join(root, "b.ts"), b);
    const program = packageFile("node_modules", "@biomejs", "biome", "bin", "biome");
    const args = [program, "lint", "--vcs-enabled=false", "--only=suspicious/noImportCycles", "."];
    return spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  }

  const A = 'import { b } from "./b.js";\nexport interface A {\n  b: typeof b;\n}\n';

  test("are found, also those of types only", () => {
    const { status, stderr } = biome(A, 'import type { A } from "./a.js";\nexport const b: A | null = null;\n');
    expect(stderr).toContain("noImportCycles");
    expect(status).toBe(1);
  });

  test("are not reported where there are none", () => {
    expect(biome(A, "export const b = null;\n")).toMatchObject({ status: 0 });
  });
});
