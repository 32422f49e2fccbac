import { createCipheriv } from "node:crypto";

/** Numbers per call of the cipher. */
const BLOCK = 4096;

/**
 * Random numbers from 0 (included) to 1 (excluded), the same on every machine for the same seed: AES in counter mode, a
 * generator of random bits by NIST SP 800-90A, with the seed as its key.
 */
export function uniforms(seed: number): () => number {
  const key = Buffer.alloc(16);
  key.writeDoubleLE(seed);
  const cipher = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(4 * BLOCK);
  let [bytes, at] = [zeros, zeros.length];
  return () => {
    if (at === bytes.length) [bytes, at] = [cipher.update(zeros), 0];
    at += 4;
    return bytes.readUInt32LE(at - 4) / 2 ** 32;
  };
}
