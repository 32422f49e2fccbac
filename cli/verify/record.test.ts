import { expect, test } from "vitest";
import { recordedTexts } from "./record.js";
import { emptyReference, type Reference } from "./reference.js";

const run = {} as Reference["classes"][string]["runs"][string];
const classOf = (...ids: string[]) => ({
  ...{ environment: {}, settings: {} },
  runs: Object.fromEntries(ids.map((id) => [id, run])),
});

test("a file that is there: which device class was added or replaced, and that others stay", () => {
  const empty = emptyReference();
  const one: Reference = { ...empty, classes: { cpu: classOf("a", "b") } };
  const two: Reference = { ...one, classes: { ...one.classes, gpu: classOf("a") } };
  const again: Reference = { ...two, classes: { ...two.classes, cpu: classOf("c") } };
  expect(recordedTexts(empty, one)).toEqual(["added the device class cpu: 2 runs"]);
  expect(recordedTexts(one, two)).toEqual(["added the device class gpu: 1 run; 1 other device class stays"]);
  expect(recordedTexts(two, again)).toEqual([
    "replaced the device class cpu: 1 run instead of 2 runs; 1 other device class stays",
  ]);
});
