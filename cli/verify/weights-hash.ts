import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "../files.js";

/**
 * Of the tensors in an adapter's folder alone: what lies beside them, and the texts in their files' headers, name settings
 * that change no number. Null if there are none (any more).
 */
export function weightsHash(folder: string): string | null {
  const files = entriesOf(folder)
    .filter((name) => name.endsWith(".safetensors"))
    .sort();
  if (files.length === 0) return null;
  const digest = createHash("sha256");
  for (const name of files) {
    const whole = readFileSync(join(folder, name));
    const end = 8 + Number(whole.length < 8 ? 0n : whole.readBigUInt64LE());
    const content = createHash("sha256")
      .update(plainHeader(whole.subarray(0, end)))
      .update(whole.subarray(end));
    digest.update(`${name} ${content.digest("hex")}\n`);
  }
  return digest.digest("hex");
}

/** The header of a file of safetensors begins with its texts, which are strings: one object without another inside. */
const TEXTS = /^\{"__metadata__":\{(?:"(?:[^"\\]|\\.)*"|[^{}"])*\}/;

/** The header as methods write it, with no text but the format. The worker's run/tensor_header.py hashes the same. */
function plainHeader(header: Buffer): Buffer {
  const text = header.subarray(8).toString();
  if (!TEXTS.test(text)) return header;
  const plain = Buffer.from(text.replace(TEXTS, '{"__metadata__":{"format":"pt"}').trimEnd());
  const size = Math.ceil(plain.length / 8) * 8;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(size));
  return Buffer.concat([length, plain, Buffer.alloc(size - plain.length, " ")]);
}
