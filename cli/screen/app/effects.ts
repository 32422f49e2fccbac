/** What keys ask for outside of the screen: the same commands that a user would type, and texts to read. */

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { messageOf } from "../../errors.js";
import { findRun } from "../../store/read.js";
import { openReader } from "../../store/reader.js";
import type { Store } from "../../store/store.js";
import { compared } from "../../views/compare/index.js";
import { oneLine, visible } from "../../views/parts/visible.js";
import { runSummary } from "../../views/run-summary.js";
import type { Line } from "../line.js";
import { commandText } from "./command-text.js";
import type { Effect, Overlay } from "./state.js";

export interface EffectOptions {
  dbPath: string;
  /** What every command gets besides: `--db FILE` unless it is the default. */
  dbWords: readonly string[];
  /** Columns of the screen. */
  columns: number;
  /** Gets what is to be told after the effect, such as how a command that was started has ended. */
  later: (told: Told) => void;
}

/** What is left to show of an effect. */
export interface Told {
  note?: Line;
  /** The command that the note tells of, to be copied. */
  done?: string;
  overlay?: Overlay;
}

/** Never throws: what went wrong is told in a line. */
export async function carryOut(
  effect: Exclude<Effect, { do: "quit" | "copy" }>,
  options: EffectOptions,
): Promise<Told> {
  try {
    if (effect.do === "commands") return await inTurn(effect.list, options);
    if (effect.do === "start") return start(effect.words, options);
    return { overlay: view(effect, options) };
  } catch (error) {
    return { note: [{ text: ` ${oneLine(messageOf(error))}`, role: "bad" }] };
  }
}

/** The program that runs now; its arguments are Node's own options and the script. */
const program = (): { file: string; first: string[] } => ({
  file: process.execPath,
  first: [...process.execArgv, process.argv[1] ?? ""],
});

async function inTurn(list: readonly (readonly string[])[], { dbWords }: EffectOptions): Promise<Told> {
  const { file, first } = program();
  let said = "";
  for (const [at, words] of list.entries()) {
    const { exitCode, stdout, stderr } = await execa(file, [...first, ...words, ...dbWords], {
      ...{ reject: false, stdin: "ignore", timeout: 30_000 },
      env: { NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    said = allLines(stdout) || allLines(stderr);
    if (exitCode !== 0) {
      const why = firstLine(stderr) || said || "it took too long";
      const before = at === 0 ? "" : ` (after ${at} of ${list.length})`;
      return { note: [{ text: ` ${words[0]}${before}: ${why.replace(/^lor2c: /, "")}`, role: "bad" }] };
    }
  }
  const done = list.map((words) => commandText([...words, ...dbWords])).join(" && ");
  return {
    note: [
      { text: ` ${said}${list.length > 1 ? ` (the last of ${list.length})` : ""}`, role: "good" },
      { text: `  ${done}`, role: "dim" },
    ],
    done,
  };
}

/** Goes on when the screen is left, as if it had been started in another terminal; what it says goes to a file. */
function start(words: readonly string[], { dbPath, dbWords, later }: EffectOptions): Told {
  const { file, first } = program();
  const log = join(dirname(dbPath), `${words[0]}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.log`);
  const out = openSync(log, "wx");
  try {
    const child = spawn(file, [...first, ...words, "--plain", ...dbWords], {
      ...{ detached: true, stdio: ["ignore", out, out] },
    });
    const failed = (why: string) =>
      later({ note: [{ text: ` ${words[0]} ended: ${oneLine(why)}; its lines are in ${oneLine(log)}`, role: "bad" }] });
    child.on("error", ({ message }) => failed(message));
    child.on("exit", (code, signal) => {
      if (code !== 0) failed(errorIn(log) ?? (code === null ? `killed by ${signal}` : `exit code ${code}`));
    });
    child.unref();
    return {
      note: [
        { text: ` ${words[0]} runs as process ${child.pid ?? "?"}; its lines are in ${oneLine(log)}`, role: "good" },
      ],
      done: commandText([...words, ...dbWords]),
    };
  } finally {
    closeSync(out);
  }
}

/** What a command of lor2c said at last about an error; null if it said nothing. */
function errorIn(log: string): string | null {
  try {
    const lines = readFileSync(log, "utf8").split("\n");
    return lines.findLast((line) => line.startsWith("lor2c: "))?.slice("lor2c: ".length) ?? null;
  } catch {
    return null; // deleted: the exit code says enough
  }
}

function view({ of, runs }: Extract<Effect, { do: "view" }>, { dbPath, dbWords, columns }: EffectOptions): Overlay {
  const store = openReader(dbPath);
  try {
    const found = runs.map((id) => findRun(store, id));
    const text = of === "run" ? runText(store, found, columns) : comparedText(store, found, columns);
    const words = [of === "run" ? "show" : "compare", ...runs, ...dbWords];
    return { title: commandText(words), lines: visible(text).split("\n"), top: 0, words };
  } finally {
    store.close();
  }
}

type Found = ReturnType<typeof findRun>[];

const runText = (store: Store, runs: Found, columns: number): string =>
  runSummary.text(runSummary.load(store, runs), columns);

const comparedText = (store: Store, runs: Found, columns: number): string =>
  compared(store, {
    of: "the marked runs",
    runs,
    each: false,
    overRows: true,
    pivot: null,
    columns: undefined,
    baseline: undefined,
    margin: undefined,
  }).text(columns);

const allLines = (text: string): string => text.trim().split("\n").map(oneLine).join("; ");
const firstLine = (text: string): string => oneLine(text.trimEnd().split("\n")[0] ?? "");
