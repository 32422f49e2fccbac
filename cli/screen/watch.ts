/** `lor2c watch`: the screen over stored runs, which other processes may train meanwhile. */
import { resolveDbPath } from "../store/store.js";
import { writeColoured } from "../views/output.js";
import { isInteractive, outputWidth } from "../views/terminal.js";
import { ansiOf } from "./ansi.js";
import { drawScreen } from "./app/draw.js";
import { ScreenApp } from "./app/screen-app.js";
import { initialState } from "./app/state.js";
import { asciiOf } from "./ascii.js";
import type { ScreenSource } from "./data.js";
import { type Line, textOf } from "./line.js";
import { lookOf } from "./look.js";
import type { Look } from "./pane.js";
import { deviceWords, PANES } from "./panes/index.js";
import { storedSource } from "./source/stored.js";
import { inForeground } from "./terminal/foreground.js";

export interface WatchOptions {
  /** Which runs; none: the newest experiment. */
  words: readonly string[];
  /** Print one screen and end. */
  once: boolean;
  ascii: boolean;
  /** As the user gave it. */
  db: string | undefined;
  /** The runs are read, and about to be shown. */
  onRead?: () => void;
}

/** Of one core: this process has nothing else to do. */
const SHARE = 0.2;
/** Without a terminal, or with `--once`. */
const PAGE = { columns: 100, rows: 60 };

/** Resolves with the exit code when the user leaves. */
export async function watch({ words, once, ascii, db, onRead = () => {} }: WatchOptions): Promise<number> {
  const source = storedSource(db, words);
  onRead();
  const look = lookOf({ ascii });
  if (once || !isInteractive() || !inForeground()) {
    try {
      print(source, look);
    } finally {
      source.close();
    }
    return 0;
  }
  return new Promise((resolve, reject) => {
    const leave = (code: number) => {
      process.off("SIGINT", interrupted);
      void app.close().then(() => resolve(code));
    };
    const interrupted = () => leave(130);
    process.on("SIGINT", interrupted);
    const app = new ScreenApp({
      ...{ source, panes: PANES, deviceWords, look, share: SHARE, focus: "runs", quit: "quit" },
      dbPath: resolveDbPath(db),
      dbWords: db === undefined ? [] : ["--db", db],
      onQuit: () => leave(0),
      onProblem: reject,
    });
  });
}

function print(source: ScreenSource, look: Look): void {
  const data = source.read();
  const size = { columns: outputWidth() ?? PAGE.columns, rows: process.stdout.rows || PAGE.rows };
  const environment = { data, source, panes: PANES, deviceWords, look, size, now: Date.now(), quit: "quit" };
  const lines = drawScreen(initialState("runs", null), environment).slice(0, -1);
  const last = lines.findLastIndex((line) => textOf(line).trim() !== "");
  // Without colours also without bold and reverse, which belong to a screen.
  const bare = (line: Line) => (look.ascii ? asciiOf(textOf(line)) : textOf(line));
  const text = (line: Line) => (look.depth === 1 ? bare(line) : ansiOf(line, look)).trimEnd();
  writeColoured(
    `${lines
      .slice(0, last + 1)
      .map(text)
      .join("\n")}\n`,
  );
}
