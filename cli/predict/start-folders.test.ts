import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { sampleCell } from "../store/fixtures/sample.js";
import { withStartFolders } from "./start-folders.js";

const folder = tempFolder();

const starting = (start_from: string | null) => {
  const cell = sampleCell("a".repeat(16), {});
  return { ...cell, settings: { ...cell.settings, train: { ...cell.settings.train, start_from } } };
};
const startsOf = (start: string | null) =>
  withStartFolders([starting(start)], join(folder, "none.db")).map(({ settings }) => settings.train.start_from);

test("a folder stays, and so does a run that starts afresh", () => {
  expect(startsOf("/some/adapter")).toEqual(["/some/adapter"]);
  expect(startsOf(null)).toEqual([null]);
});

test("a run that is not there is told with its key", () => {
  expect(() => startsOf("@last")).toThrow(/^train\.start_from: /);
});
