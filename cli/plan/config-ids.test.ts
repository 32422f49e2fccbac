/** Runs of the shipped specs are stored under these ids: whoever trained a table or grid of ours finds it again. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSpec } from "../spec/load.js";
import { packageRoot } from "../spec/package-files.js";
import { cellId } from "./cell-id.js";

/** Written for numerics 3 by the code of 2026-11-26, before the first release: of each file the hash of its sorted ids. */
const golden = JSON.parse(readFileSync(new URL("./fixtures/config-ids.json", import.meta.url), "utf8")) as Record<
  string,
  string
>;
const FINGERPRINT = { model: "sha256:00", data: "sha256:11", precision: "fp32", numerics: "3" };

test("runs of the shipped specs have the ids of an earlier day", () => {
  const folder = join(packageRoot(), "configs");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
  const found = names.sort().map((name) => {
    const ids = loadSpec(join(folder, name)).cells.map(({ settings }) => cellId(settings, FINGERPRINT));
    return [name, createHash("sha256").update(ids.sort().join("\n")).digest("hex").slice(0, 16)];
  });
  expect(Object.fromEntries(found)).toEqual(golden);
});
