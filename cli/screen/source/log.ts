/** The newest lines of the logs of the runs on the screen. Only ends of files are read. */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { RUN_LOG, WORKER_LOG } from "../../attempt-files.js";
import { statOf } from "../../files.js";
import type { LogLine } from "../data.js";
import { runLine, workerLine } from "./log-line.js";

/** So many lines are shown, of the logs of so many runs: those in training, and those that ended last. */
const LINES = 400;
const RUNS = 40;
/** Bytes of the end of a file that are read when it is first seen, and at most each time later. */
const TAIL = 32_768;

/** Whose log. */
export interface LoggedRun {
  run: string;
  label: string;
  /** The absolute path of the attempt's folder. Throws if it is not among the results. */
  folder(): string;
  running: boolean;
  /** ISO time of the end, or of the start of one in training. */
  at: string;
}

interface Followed {
  position: number;
  decoder: StringDecoder;
  /** A line without its end. */
  rest: string;
  lines: LogLine[];
  /** Whether nothing is added any more. */
  over: boolean;
}

/** The runs whose logs are read. */
export function withLogs(all: readonly LoggedRun[]): LoggedRun[] {
  const late = (a: LoggedRun, b: LoggedRun) => Number(b.running) - Number(a.running) || (a.at < b.at ? 1 : -1);
  return all.toSorted(late).slice(0, RUNS);
}

export class LogTail {
  readonly #files = new Map<string, Followed>();
  #lines: readonly LogLine[] = [];

  /** The lines of now; the same array if there are no new ones. */
  read(runs: readonly LoggedRun[]): readonly LogLine[] {
    const wanted = new Set<string>();
    let changed = false;
    for (const logged of runs) {
      const folder = folderOf(logged);
      if (folder === null) continue;
      for (const [name, lineOf] of [
        [RUN_LOG, runLine],
        [WORKER_LOG, workerLine],
      ] as const) {
        const file = join(folder, name);
        wanted.add(file);
        if (this.#follow(file, logged, lineOf)) changed = true;
      }
    }
    for (const file of this.#files.keys()) {
      if (wanted.has(file)) continue;
      this.#files.delete(file);
      changed = true;
    }
    if (changed) this.#lines = newest([...this.#files.values()].flatMap(({ lines }) => lines));
    return this.#lines;
  }

  /** Whether the file has new lines. A log that cannot be read has none: it is not what the screen is for. */
  #follow(file: string, logged: LoggedRun, lineOf: LineOf): boolean {
    const followed = this.#files.get(file) ?? {
      ...{ position: -1, decoder: new StringDecoder("utf8"), rest: "", lines: [], over: false },
    };
    this.#files.set(file, followed);
    if (followed.over) return false;
    followed.over = !logged.running; // its last lines are read below
    try {
      const stat = statOf(file);
      if (!stat || stat.size <= followed.position) return false;
      const start = Math.max(followed.position, stat.size - TAIL);
      const text = followed.decoder.write(bytesOf(file, start, stat.size));
      const lines = `${start === followed.position ? followed.rest : ""}${text}`.split("\n");
      // Reading began somewhere within a line.
      if (start > 0 && start !== followed.position) lines.shift();
      followed.rest = lines.pop() ?? "";
      followed.position = stat.size;
      const added = lines.flatMap((line) => lineOf(line, logged, stat.mtimeMs) ?? []);
      followed.lines = [...followed.lines, ...added].slice(-LINES);
      return added.length > 0;
    } catch {
      return false;
    }
  }
}

function folderOf(logged: LoggedRun): string | null {
  try {
    return logged.folder();
  } catch {
    return null;
  }
}

type LineOf = (line: string, logged: LoggedRun, writtenAt: number) => LogLine | null;

/** Milliseconds in which a worker's line reaches the logs of all its runs. */
const AT_ONCE = 2000;

/** By time, each line once: what is about all runs of a worker stands in the log of each, up to a moment later. */
function newest(lines: LogLine[]): LogLine[] {
  const all: LogLine[] = [];
  const alike = new Map<string, number[]>();
  for (const line of lines.toSorted((a, b) => a.at - b.at)) {
    const key = `${line.level} ${line.text}`;
    const recent = (alike.get(key) ?? []).filter((at) => line.at - (all[at]?.at ?? 0) <= AT_ONCE);
    alike.set(key, recent);
    // What a run says again is another line.
    const at = recent.find((index) => !line.runs.some((run) => all[index]?.runs.includes(run)));
    const before = at === undefined ? undefined : all[at];
    if (at === undefined || before === undefined) recent.push(all.push(line) - 1);
    else {
      const runs = [...before.runs, ...line.runs];
      all[at] = { ...before, runs, label: before.label === line.label ? line.label : `${runs.length} runs` };
    }
  }
  return all.slice(-LINES);
}

function bytesOf(file: string, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  const descriptor = openSync(file, "r");
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, start));
  } finally {
    closeSync(descriptor);
  }
}
