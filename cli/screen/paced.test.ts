import { expect, test } from "vitest";
import { paced } from "./paced.js";

test("slow work is done less often, within bounds", () => {
  const burn = (milliseconds: number) => () => {
    const from = process.cpuUsage();
    while (process.cpuUsage(from).user < milliseconds * 1000);
  };
  const bounds = { least: 100, most: 5000 };
  expect(paced(0.5, bounds, () => {}).wait).toBe(100);
  expect(paced(0.05, bounds, burn(20)).wait).toBeGreaterThanOrEqual(400);
  expect(paced(0.001, bounds, burn(20)).wait).toBe(5000);
});
