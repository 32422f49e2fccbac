import { expect, test } from "vitest";
import { cellId } from "../plan/cell-id.js";
import { inspectedAs } from "../plan/fixtures/planned.js";
import { kindOfCell } from "../plan/forecast/kind.js";
import type { Settings } from "../spec/cell.js";
import { sampleSettings } from "./fixtures/sample.js";
import { storedSettings } from "./stored-settings.js";

test("a run from before tasks were mappings has the id and the task's name that it had, for retry and verify", () => {
  const now = sampleSettings({ task: "sst2" });
  const old = storedSettings(JSON.stringify({ ...now, task: "sst2" })) as unknown as Settings;
  expect(old.task).toEqual(now.task);
  expect(cellId(old, { data: "x" })).toBe(cellId(now, { data: "x" }));
  const device = { description: "a processor" } as Parameters<typeof kindOfCell>[1];
  const cell = { id: "a", label: "a", axes: {}, also: [], settings: old, inspected: inspectedAs() };
  expect(kindOfCell(cell, device).task).toBe("sst2");
  expect(storedSettings(JSON.stringify(now))).toEqual(now);
});
