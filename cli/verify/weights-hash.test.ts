import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { weightsHash } from "./weights-hash.js";

const folder = tempFolder();

/** A file of safetensors with one tensor of two numbers, whose header has these texts first. */
function file(texts: string): Buffer {
  const header = `{${texts}"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`;
  const padded = Buffer.from(header + " ".repeat(-Buffer.byteLength(header) & 7));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, Buffer.alloc(8, 7)]);
}

function hashOf(name: string, content: Buffer): string | null {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "x.safetensors"), content);
  return weightsHash(join(folder, name));
}

test("texts in a header do not count, tensors do", () => {
  const plain = file('"__metadata__":{"format":"pt"},');
  const own = createHash("sha256").update(plain).digest("hex");
  // As it was before there were texts, so that recorded references stay.
  expect(hashOf("plain", plain)).toBe(createHash("sha256").update(`x.safetensors ${own}\n`).digest("hex"));
  const texts = '"__metadata__":{"format":"pt","lor2c_structure":"{\\"spans\\":[[0,1]]} é"},';
  expect(hashOf("texts", file(texts))).toBe(weightsHash(join(folder, "plain")));
  plain[plain.length - 1] = 8;
  expect(hashOf("other", plain)).not.toBe(weightsHash(join(folder, "plain")));
});

test("a file that is none of safetensors, and a folder without any, are no error", () => {
  expect(hashOf("short", Buffer.from("x"))).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf("long", Buffer.alloc(20, 255))).toMatch(/^[0-9a-f]{64}$/);
  expect(weightsHash(join(folder, "gone"))).toBeNull();
});
