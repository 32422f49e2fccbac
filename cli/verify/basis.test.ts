import { expect, test } from "vitest";
import { basisOf, type Place } from "./basis.js";

const cpu: Place = { deviceClass: "cpu linux A, AVX2, 1 thread, fp32", device: "cpu", description: "A", lanes: 3 };
const gpu: Place = { deviceClass: "cuda H100, mixed", device: "cuda:0", description: "H100", lanes: 4 };

test("within a device class numbers are compared exactly, and it is said", () => {
  expect(basisOf(cpu, { ...cpu, lanes: 1 })).toEqual({
    tolerance: { losses: 0, scores: 0 },
    why: "of one device class (cpu linux A, AVX2, 1 thread, fp32)",
  });
  expect(basisOf(gpu, gpu).tolerance).toEqual({ losses: 0, scores: 0 });
});

test("on a GPU another number of lanes may sum in another order", () => {
  const basis = basisOf(gpu, { ...gpu, lanes: 1 });
  expect([basis.tolerance.losses, basis.why]).toEqual([
    1e-5,
    "of one device class (cuda H100, mixed), with other lanes at a time",
  ]);
});

test("across device classes there is a wider tolerance, for scores wider than for losses", () => {
  for (const other of [gpu, { ...cpu, deviceClass: "cpu linux A, AVX2, 2 threads, fp32" }]) {
    const { tolerance, why } = basisOf(cpu, other);
    expect(tolerance.losses).toBeGreaterThan(1e-5);
    expect(tolerance.scores).toBeGreaterThan(tolerance.losses);
    expect(why).toBe(`of another device class: ${cpu.deviceClass} and ${other.deviceClass}`);
  }
});

test("a run from before classes were stored counts as of the class of a device with its name", () => {
  const old = { ...cpu, deviceClass: null };
  expect(basisOf(old, cpu)).toEqual({
    tolerance: { losses: 0, scores: 0 },
    why: `on the same device (${cpu.deviceClass})`,
  });
  expect(basisOf(old, { ...cpu, description: "B" }).tolerance.losses).toBeGreaterThan(0);
});

test("what the user says stands above all", () => {
  expect(basisOf(cpu, gpu, 0)).toEqual({ tolerance: { losses: 0, scores: 0 }, why: "--tolerance says so" });
});
