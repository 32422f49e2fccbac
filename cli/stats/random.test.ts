import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { uniforms } from "./random.js";

test("the same for the same seed, from 0 to 1, beyond one call of the cipher, and not the same for another seed", () => {
  const [one, again, other] = [uniforms(7), uniforms(7), uniforms(8)];
  const first = Array.from({ length: 10_000 }, one);
  expect(first).toEqual(Array.from({ length: 10_000 }, again));
  expect(first.slice(0, 3)).not.toEqual(Array.from({ length: 3 }, other));
  expect(new Set(first).size).toBeGreaterThan(9_990);
  expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...first)).toBeLessThan(1);
  // numpy: the mean of 10,000 uniforms is within 0.5 +- 4 * 0.2887 / 100
  expect(Math.abs(first.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5)).toBeLessThan(0.0116);
});

test("the first number is the first word of the cipher's stream", () => {
  const key = Buffer.alloc(16);
  key.writeDoubleLE(3);
  const stream = createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(4));
  expect(uniforms(3)()).toBe(stream.readUInt32LE() / 2 ** 32);
});
