/**
 * YAML in, ids out. Whatever changes an id, be it a key, a default or a parameter, orphans stored runs. A key that is
 * added needs `since` (schema.ts; in Python `setting` and `_rule`), or, if it changes no number, `outsideId`.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { type Catalog, type Parameter, shippedCatalog } from "../spec/catalog.js";
import type { Settings } from "../spec/cell.js";
import { listKeys } from "../spec/keys.js";
import { loadSpec } from "../spec/load.js";
import { cellId } from "./cell-id.js";
import { idRules } from "./id-rules.js";

/**
 * Written once for numerics 3, by the code of 2026-11-26; rows are added for new methods, and none
 * changes but with the numerics. That of `qlora` has, once: the method became another name for lora over NF4. */
const golden = JSON.parse(readFileSync(new URL("./fixtures/spec-ids.json", import.meta.url), "utf8")) as {
  id: string;
  spec: string;
}[];
const FINGERPRINT = { model: "sha256:00", data: "sha256:11", precision: "fp32", numerics: "3" };

let folder: string;
beforeAll(() => {
  folder = tempFolder();
});

function settingsOf(spec: string, catalog?: Catalog): Settings {
  const file = join(folder, "spec.yaml");
  writeFileSync(file, spec);
  const [cell] = loadSpec(file, [], catalog).cells;
  if (!cell) throw new Error("one run was expected");
  return cell.settings;
}

function idsWith(catalog: Catalog): string[] {
  const rules = idRules(listKeys(catalog));
  return golden.map(({ spec }) => cellId(settingsOf(spec, catalog), FINGERPRINT, rules));
}
const ids = golden.map(({ id }) => id);

test("ids have not changed", () => {
  expect(golden.map(({ spec }) => ({ id: cellId(settingsOf(spec), FINGERPRINT), spec }))).toEqual(golden);
});

test("every method is among them", () => {
  const covered = new Set(golden.map(({ spec }) => settingsOf(spec).method.name));
  expect([...covered].sort()).toEqual(
    shippedCatalog()
      .methods.map(({ name }) => name)
      .sort(),
  );
});

describe("a parameter that is added to every method", () => {
  const added: Parameter = {
    name: "brand_new",
    type: "int",
    default: 3,
    required: false,
    nullable: false,
    doc: "A parameter of a later day",
    unit: null,
    source: null,
  };
  const withParameter = (parameter: Parameter): Catalog => {
    const catalog = structuredClone(shippedCatalog());
    for (const method of catalog.methods) method.parameters.push(parameter);
    return catalog;
  };
  test("moves every id, which this test notices", () => {
    for (const [i, id] of idsWith(withParameter(added)).entries()) expect(id).not.toBe(ids[i]);
  });
  const since = { day: "2030-01-01", before: 3 };
  test("moves none with `since`", () => {
    expect(idsWith(withParameter({ ...added, since }))).toEqual(ids);
  });
  test("counts where it is used, and where its default has become another one", () => {
    const catalog = withParameter({ ...added, since });
    const spec = "model: minilm\ntask: sst2\nmethod: {name: lora, brand_new: 4}\n";
    expect(ids).not.toContain(cellId(settingsOf(spec, catalog), FINGERPRINT, idRules(listKeys(catalog))));
    const moved = idsWith(withParameter({ ...added, default: 5, since }));
    for (const [i, id] of moved.entries()) expect(id).not.toBe(ids[i]);
  });
  test("is distinguished by method: another method's parameter of this name counts", () => {
    const catalog = withParameter({ ...added, since });
    const lora = catalog.methods.find(({ name }) => name === "lora");
    if (!lora) throw new Error("there is no lora");
    lora.parameters = lora.parameters.map((one) => (one.name === "brand_new" ? added : one));
    const changed = idsWith(catalog).filter((id, i) => id !== ids[i]).length;
    expect(changed).toBe(golden.filter(({ spec }) => settingsOf(spec).method.name === "lora").length);
  });
});

test("a field that is added to the rules moves no id with `since`, and counts where a preset has another value", () => {
  const withField = (since?: Parameter["since"]): Catalog => {
    const catalog = structuredClone(shippedCatalog());
    for (const parameter of catalog.methods.flatMap(({ parameters }) => parameters)) {
      if (parameter.type !== "preset") continue;
      const field = { type: "bool", default: null, required: true, nullable: false, unit: null, source: null } as const;
      parameter.fields?.push({ ...field, name: "brand_new", doc: "A rule of a later day", ...(since && { since }) });
      const presets = Object.entries(parameter.presets ?? {}).map(([name, preset]) => [
        name,
        { ...preset, brand_new: name === "official" },
      ]);
      parameter.presets = Object.fromEntries(presets);
      parameter.default = { ...(parameter.default as object), brand_new: false };
    }
    return catalog;
  };
  const hasRules = golden.filter(({ spec }) => settingsOf(spec).method.rules !== undefined);
  const official = hasRules.filter(({ spec }) => spec.includes("official"));
  const moved = (catalog: Catalog) => idsWith(catalog).flatMap((id, i) => (id === ids[i] ? [] : [golden[i]]));
  expect(moved(withField())).toEqual(hasRules);
  expect(moved(withField({ day: "2030-01-01", before: false }))).toEqual(official);
});

test("a key that is added to the spec moves no id with `since`", () => {
  const keys = listKeys(shippedCatalog());
  const key = (since?: { day: string; before: unknown }) =>
    idRules([
      ...keys,
      { path: ["train", "brand_new"], key: "train.brand_new", method: null, schema: { ...(since && { since }) } },
    ]);
  const settings = golden
    .map(({ spec }) => settingsOf(spec))
    .map((one) => ({ ...one, train: { ...one.train, brand_new: null } }));
  const idsUnder = (rules: ReturnType<typeof key>) => settings.map((one) => cellId(one, FINGERPRINT, rules));
  expect(idsUnder(key({ day: "2030-01-01", before: null }))).toEqual(ids);
  for (const [i, id] of idsUnder(key()).entries()) expect(id).not.toBe(ids[i]);
});
