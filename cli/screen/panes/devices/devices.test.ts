import { expect, test } from "vitest";
import type { DeviceReading } from "../../data.js";
import { noSource, screenData } from "../../fixtures/data.js";
import { lineWidth, textOf } from "../../line.js";
import type { PaneContext } from "../../pane.js";
import { type DevicesState, makeDevicesPane } from "./index.js";
import { deviceWords } from "./words.js";

const NOW = new Date(2026, 10, 28, 12, 0, 0).getTime();
const GIB = 1024 ** 3;

const gpu = (of: Partial<DeviceReading> = {}): DeviceReading => ({
  ...{ host: "node-7", name: "cuda:0", description: "a GPU", at: NOW - 1000 },
  ...{ memoryUsed: 41 * GIB, memoryTotal: 79.6 * GIB, utilization: 0.914, temperature: 71, power: 412.4 },
  ...of,
});
const cpu = (of: Partial<DeviceReading> = {}) =>
  gpu({ name: "cpu", memoryUsed: 0.7 * GIB, memoryTotal: 23.5 * GIB, temperature: null, power: null, ...of });

const contextOf = (devices: readonly DeviceReading[], now = NOW, top = 0): PaneContext<DevicesState> => ({
  ...{ data: screenData({ devices }), source: noSource, shared: { selected: null, marked: [], pinned: [] } },
  ...{ state: { top }, look: { depth: 24, dark: true, ascii: false }, now },
});

function draw(devices: readonly DeviceReading[], columns: number, rows = 8, pane = makeDevicesPane()): string[] {
  pane.shows(screenData({ devices }));
  const lines = pane.lines(contextOf(devices), { columns, rows });
  for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
  return lines.map((line) => textOf(line).trimEnd());
}

test("a line per device: utilisation, memory, temperature, power, and the last minutes", () => {
  expect(draw([gpu(), gpu({ name: "cuda:10", utilization: 0.05, memoryUsed: 79 * GIB, power: 61 })], 70)).toEqual([
    "cuda:0  ███████▎ 91% 41/80 GiB 71°C 412 W                            ▇",
    "cuda:10 ▍░░░░░░░  5% 79/80 GiB 71°C  61 W                            ▁",
  ]);
});

test("a narrow pane keeps the numbers, and of these utilisation longest", () => {
  const devices = [gpu(), cpu({ utilization: 1 })];
  expect(draw(devices, 37)).toEqual(["cuda:0 ███████▎  91%  41/80 GiB 71°C", "cpu    ████████ 100% 0.7/24 GiB"]);
  expect(draw(devices, 30)).toEqual(["cuda:0  91%  41/80 GiB 71°C", "cpu    100% 0.7/24 GiB"]);
  expect(draw(devices, 24)).toEqual(["cuda:0  91%  41/80 GiB", "cpu    100% 0.7/24 GiB"]);
  expect(draw(devices, 14)).toEqual(["cuda:0  91%", "cpu    100%"]);
});

test("what is not measured takes no room; a reading that is old says how old", () => {
  expect(draw([cpu({ utilization: null, memoryTotal: null })], 60)).toEqual(["cpu 0.7/- GiB"]);
  expect(draw([gpu(), gpu({ name: "cuda:1", at: NOW - 40_000 })], 60)[1]).toBe("cuda:1 no reading for 40 s");
});

test("hosts are named where there are several, and GPUs of one name are told apart", () => {
  expect(draw([cpu(), cpu({ host: "b\u001b[2J" })], 40)).toEqual([
    "node-7 cpu    ███████▎ 91% 0.7/24 GiB",
    "b\\u001…2J cpu ███████▎ 91% 0.7/24 GiB",
  ]);
  expect(draw([gpu(), gpu({ utilization: 0.5 })], 36).map((line) => line.slice(0, 14))).toEqual([
    "cuda:0     91%",
    "cuda:0 (2) 50%",
  ]);
});

test("the history is that of readings seen, also while the pane was hidden; gaps stay blank", () => {
  const pane = makeDevicesPane();
  for (let second = 300; second > 0; second -= 2) {
    if (second > 100 && second < 200) continue;
    pane.shows(screenData({ devices: [gpu({ at: NOW - second * 1000, utilization: second > 150 ? 0 : 1 })] }));
  }
  const [line = ""] = draw([gpu()], 80, 1, pane);
  expect(line.slice(-30)).toMatch(/^▁{10} {9}█{10}[▇█]$/);
});

test("more devices than rows: the last row counts the others, and keys move", () => {
  const many = Array.from({ length: 6 }, (_, i) => gpu({ name: `cuda:${i}` }));
  const pane = makeDevicesPane();
  const size = { columns: 30, rows: 3 };
  expect(draw(many, 30, 3).map((line) => line.slice(0, 12))).toEqual(["cuda:0 91% 4", "cuda:1 91% 4", "4 more below"]);
  expect(draw(many, 30, 1)[0]).toMatch(/^cuda:0/);
  let { state } = contextOf(many);
  const press = (key: string) => {
    state = pane.keys[0]?.press({ ...contextOf(many), state }, key, size).state ?? state;
  };
  for (let i = 0; i < 9; i++) press("down");
  expect(state.top).toBe(3);
  expect(pane.lines({ ...contextOf(many), state }, size).map((line) => textOf(line).slice(0, 6))).toEqual([
    ...["cuda:3", "cuda:4", "cuda:5"],
  ]);
  press("up");
  expect(state.top).toBe(2);
  expect(pane.title({ ...contextOf(many), state })).toBe("Devices · last 5 min · from 3");
});

test("all devices in a few words", () => {
  expect(deviceWords([], NOW)).toBe("");
  expect(deviceWords([gpu()], NOW)).toBe("cuda:0 91% 41/80 GiB 71°C");
  expect(deviceWords([cpu({ utilization: 0.97 })], NOW)).toBe("cpu 97% 0.7/24 GiB");
  expect(deviceWords([gpu(), gpu({ name: "cuda:1", utilization: 0.5, temperature: 83 })], NOW)).toBe(
    "2 devices 71% 82/159 GiB ≤83°C",
  );
  expect(deviceWords([gpu(), gpu({ name: "cuda:1", at: NOW - 40_000 })], NOW)).toBe(
    "2 devices 91% 41/80 GiB ≤71°C 1 silent",
  );
  expect(deviceWords([gpu({ at: NOW - 40_000 })], NOW)).toBe("cuda:0 no reading for 40 s");
});
