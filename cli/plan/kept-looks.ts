import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Inspected, Ready, Sources } from "../protocol/messages.js";
import { cacheFolder } from "../worker/cache-folder.js";
import type { Inspection } from "../worker/inspect.js";
import { stampOf } from "../worker/stamp.js";

/** In bytes. A plan of 3,000 runs takes 10 kB if they differ only in their seeds, a megabyte if all differ. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Most cells share a result, which is written once: `of` has each cell's index in `found`. */
const Kept = z.strictObject({
  ready: Ready,
  sources: Sources.shape.files.unwrap(),
  found: z.array(Inspected),
  of: z.array(z.number().int().nonnegative()),
});

/** The file is in the folder of the worker's downloads. */
export const looksFile = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(cacheFolder(environment), "looks");

/**
 * What workers found out about models and rows, in one file: one line each, the newest first, each with a hash, so
 * that a damaged line is ignored. Processes that write at the same time may lose what another one has just added, but
 * nothing else.
 */
export class KeptLooks {
  constructor(readonly file: string) {}

  /** The result under this key, unless a file that it depends on has changed. */
  find(key: string): Inspection | undefined {
    const line = this.#lines().find((one) => one.startsWith(key));
    const kept = line && contentOf(line);
    if (!kept || kept.sources.some(({ path, stamp }) => stampOf(path) !== stamp)) return undefined;
    const inspected = kept.of.map((number, index) => {
      const found = kept.found[number];
      return found && { ...found, index };
    });
    if (!inspected.every((one) => one !== undefined)) return undefined;
    return { ready: kept.ready, inspected, sources: kept.sources };
  }

  /** Keeps a result, except for answers that depend on a hub and for problems, which may be temporary. */
  keep(key: string, { ready, inspected, sources }: Inspection): void {
    if (sources === null || inspected.some(({ problems }) => problems.length > 0)) return;
    if (sources.some(({ path, stamp }) => stampOf(path) !== stamp)) return;
    const numbers = new Map<string, number>();
    const of = inspected.map((event) => {
      const text = JSON.stringify({ ...event, seq: 0, index: 0 });
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    });
    const found = [...numbers.keys()].join(",");
    const rest = JSON.stringify({ ready, sources, of }).slice(0, -1);
    const content = `${rest},"found":[${found}]}`;
    this.#write([`${key} ${hashOf(content)} ${content}`, ...this.#lines().filter((line) => !line.startsWith(key))]);
  }

  #lines(): string[] {
    try {
      return readFileSync(this.file, "utf8").split("\n");
    } catch {
      return []; // the file does not exist or cannot be read, so nothing is kept
    }
  }

  /** Writes as many lines as fit. If the file cannot be written, nothing is kept and nothing fails. */
  #write(lines: readonly string[]): void {
    let bytes = 0;
    const fitting = lines.filter((line) => {
      bytes += Buffer.byteLength(line) + 1;
      return bytes <= MOST_BYTES && contentHashFits(line);
    });
    const temporary = `${this.file}.${process.pid}`;
    attempt(() => {
      mkdirSync(dirname(this.file), { recursive: true });
      writeFileSync(temporary, `${fitting.join("\n")}\n`, { mode: 0o600 });
      renameSync(temporary, this.file);
    });
    attempt(() => rmSync(temporary, { force: true }));
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // a result that is not kept is asked for again
  }
}

const hashOf = (content: string): string => createHash("sha256").update(content).digest("hex");

const parts = (line: string): [hash: string, content: string] => {
  const [, hash = "", ...content] = line.split(" ");
  return [hash, content.join(" ")];
};

function contentHashFits(line: string): boolean {
  const [hash, content] = parts(line);
  return hash === hashOf(content);
}

function contentOf(line: string): z.infer<typeof Kept> | undefined {
  const [hash, content] = parts(line);
  if (hash !== hashOf(content)) return undefined;
  return Kept.safeParse(JSON.parse(content)).data;
}
