import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { loadSpec } from "./load.js";
import { packageFile } from "./package-files.js";

test("every spec in docs/own-data.md is valid; a part is a change of a whole one", () => {
  const guide = readFileSync(packageFile("docs", "own-data.md"), "utf8");
  const blocks = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = ""]) => text);
  expect(blocks.length).toBeGreaterThan(6);
  const folder = tempFolder();
  writeFileSync(join(folder, "base.yaml"), "model: minilm\ntask: classify\ndata: {path: ./rows}\nmethod: lora\n");
  writeFileSync(join(folder, "hub.yaml"), "model: minilm\nmethod: lora\n");
  for (const [i, block] of blocks.entries()) {
    const file = join(folder, `block${i}.yaml`);
    const base = /hub:/.test(block) ? "hub" : "base";
    writeFileSync(file, /^model:/m.test(block) ? block : `extends: ${base}.yaml\n${block}`);
    expect(loadSpec(file).cells.length, block).toBeGreaterThan(0);
  }
});
