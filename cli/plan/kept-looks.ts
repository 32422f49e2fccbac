import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import envPaths from "env-paths";
import { z } from "zod";
import { Inspected, Ready, Sources } from "../protocol/messages.js";
import type { Inspection } from "../worker/inspect.js";
import { stampOf } from "../worker/stamp.js";

/** Bytes; a plan of 3,000 runs takes 10 kB when they differ in their seeds, a megabyte when each is counted by itself. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Cells mostly share what was found, which is written once: `of` is the number of each cell's in `found`. */
const Kept = z.strictObject({
  ready: Ready,
  sources: Sources.shape.files.unwrap(),
  found: z.array(Inspected),
  of: z.array(z.number().int().nonnegative()),
});

/** In the folder that the worker keeps its downloads in. */
export function looksFile(environment: NodeJS.ProcessEnv = process.env): string {
  const folder = environment.LOR2C_CACHE?.replace(/^~(?=\/|$)/, homedir());
  return join(folder || envPaths("lor2c", { suffix: "" }).cache, "looks");
}

/**
 * What workers found out about models and rows, in one file: a line each, the newest first, and each with a hash, so
 * that a damaged line is as good as none. Processes that write at once may lose what another one has just kept, and
 * never anything else.
 */
export class KeptLooks {
  constructor(readonly file: string) {}

  /** What is kept under this key, unless a file that it depends on has changed. */
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

  /** Keeps it if it can: what a hub was asked about, and problems, which may be of the moment, are looked at again. */
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
      return []; // not there yet, or not ours to read: then everything is looked at
    }
  }

  /** As many as there is room for. A place that cannot be written to keeps nothing, which is no reason to fail. */
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
    // a look that is not kept is made again
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
