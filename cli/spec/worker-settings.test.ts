/** The worker reads what a spec resolves to: both sides know the same keys. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { specJsonSchemaRaw } from "./keys.js";
import { packageFile } from "./package-files.js";

const source = readFileSync(packageFile("python-worker", "lor2c_worker", "settings.py"), "utf8");

/** Names of the fields of a dataclass. */
function fieldsOf(name: string): string[] {
  const [, body = ""] = new RegExp(`^class ${name}:\\n((?:[ \\t].*\\n|\\n)+)`, "m").exec(source) ?? [];
  return [...body.matchAll(/^ {4}([a-z]\w*): /gm)].map(([, field]) => field ?? "");
}

test.each([
  ["train", "TrainSettings"],
  ["data", "DataSettings"],
])("the keys of %s are the fields of %s", (section, dataclass) => {
  const fields = fieldsOf(dataclass);
  expect(fields.length).toBeGreaterThan(4);
  expect(fields.toSorted()).toEqual(
    Object.keys(specJsonSchemaRaw().properties?.[section]?.properties ?? {}).toSorted(),
  );
});
