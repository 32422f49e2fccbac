import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace } from "./pace.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Frames drawn in each of so many seconds, while something changes all the time. */
function framesPerSecond(pace: Pace, seconds: number): number[] {
  return Array.from({ length: seconds }, () => {
    const before = pace.frames;
    for (let at = 0; at < 100; at++) {
      pace.soon();
      vi.advanceTimersByTime(10);
    }
    return pace.frames - before;
  });
}

test("at most 12 frames a second, and none if nothing changed", () => {
  const pace = new Pace(1, () => 100);
  for (const frames of framesPerSecond(pace, 3)) expect(frames).toBeLessThanOrEqual(12);
  expect(pace.frames).toBeGreaterThan(30);
  vi.advanceTimersByTime(1000);
  const { frames } = pace;
  vi.advanceTimersByTime(5000);
  expect(pace.frames).toBe(frames);
});

test("fewer, if frames are large: at most 20 kB a second", () => {
  const pace = new Pace(1, () => 5000);
  const drawn = framesPerSecond(pace, 5).reduce((sum, frames) => sum + frames);
  expect(drawn * 5000).toBeLessThanOrEqual(5 * 20_000 + 5000);
});

test("after a key the next frame comes soon, however large the last one was", () => {
  const pace = new Pace(1, () => 1_000_000);
  pace.soon();
  vi.advanceTimersByTime(1);
  pace.soon();
  vi.advanceTimersByTime(200);
  expect(pace.frames).toBe(1);
  pace.hurry();
  vi.advanceTimersByTime(1);
  expect(pace.frames).toBe(2);
});

test("a frame that could not be drawn is not counted, and stopping ends it", () => {
  const pace = new Pace(1, () => null);
  expect(framesPerSecond(pace, 1)).toEqual([0]);
  const other = new Pace(1, () => 1);
  other.soon();
  other.stop();
  vi.advanceTimersByTime(1000);
  expect(other.frames).toBe(0);
});
