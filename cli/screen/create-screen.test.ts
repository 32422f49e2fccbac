import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { builtFixture } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { isAlive, until } from "../worker/fixture-worker.js";
import { hasTmux, isThere, Tmux } from "./fixtures/tmux.js";

const SHELL = { alternate: false, cursor: true, wrap: true };
/** The prompt, with nothing typed. */
const PROMPT = /^sh>$/m;

describe.skipIf(!hasTmux)("in a terminal (of tmux)", () => {
  const folder = tempFolder("lor2c-screen");
  const terminal = new Tmux(folder, 120, 40);
  afterAll(() => terminal.close());

  const command = `${process.execPath} ${builtFixture("screen")} ${folder}`;
  const start = async (size: string) => {
    terminal.run(command);
    await terminal.shows(new RegExp(`^${size} .*typed`));
  };
  const frame = () => readFileSync(join(folder, "frame"), "utf8");
  const pid = () => Number(readFileSync(join(folder, "pid"), "utf8"));
  const kill = (signal: NodeJS.Signals) => process.kill(pid(), signal);
  /** After the program ended: the screen of before, and a prompt at its end. */
  const left = async (line: string | RegExp) => {
    const text = await terminal.shows((shown) => isThere(line, shown) && shown.endsWith("sh>"));
    expect(terminal.modes()).toEqual(SHELL);
    expect(text).not.toMatch(/last row|typed/);
    return text;
  };

  test("keys arrive, few bytes are written, and a resize leaves no ghosts", async () => {
    await terminal.shows(PROMPT);
    terminal.line("seq 1001 1060");
    await terminal.shows("1060");
    await start("120x40");
    terminal.keys("a", "é", "Up", "Space", "BTab", "C-Left", "M-a");
    await terminal.shows("typed: a é up space( ) shift-tab ctrl-left alt-a");
    const before = statSync(terminal.stream).size;
    const since = performance.now();
    await sleep(1500);
    const bytes = statSync(terminal.stream).size - before;
    expect(bytes / ((performance.now() - since) / 1000)).toBeLessThan(20_000 * 1.1);
    expect(bytes).toBeGreaterThan(1000);
    terminal.keys("p");
    for (const [columns, rows] of [
      [120, 40],
      [90, 30],
      [131, 45],
      [60, 20],
    ] as const) {
      terminal.resize(columns, rows);
      await terminal.shows(new RegExp(`^${columns}x${rows} [\\s\\S]*last row of ${rows} .* end$`));
      await terminal.shows((text) => text === frame());
    }
    terminal.resize(100, 30);
  });

  test("Ctrl-Z stops it, a note is shown in the shell, and fg brings it back in the new size", async () => {
    terminal.keys("n", "w");
    await terminal.shows("p n w");
    expect(terminal.text()).toBe(frame());
    terminal.keys("C-z");
    expect(await left("Stopped")).toMatch(/a note\n.*Warning: a warning\n[\s\S]*Stopped/);
    terminal.resize(110, 33);
    terminal.line("fg");
    await terminal.shows((text) => text.startsWith("110x33") && text === frame());
  });

  test("what is typed after the last key does not reach the shell", async () => {
    terminal.keys("q", "e", "c", "h", "o", "Space", "leaked", "Enter");
    await left("the end");
    const all = terminal.text({ all: true });
    expect(all).not.toContain("leaked");
    for (const line of ["1001", "1060", "a note"]) expect(all).toContain(line);
  });

  test("Ctrl-C is SIGINT", async () => {
    await start("110x33");
    terminal.keys("C-c");
    await left("got SIGINT");
  });

  test("an error is shown on the screen of before", async () => {
    await start("110x33");
    terminal.keys("n");
    terminal.keys("x");
    await left(/a note[\s\S]*Error: thrown/);
  });

  test("a signal without a listener ends it, and the screen is left", async () => {
    await start("110x33");
    kill("SIGTERM");
    await left("Terminated");
  });

  test("in the background it shows nothing and is not stopped; in the foreground it comes", async () => {
    terminal.run(`${command} &`);
    // the file holds the pid of the program before until this one has drawn
    await terminal.shows((text) => text.includes(`[1] ${pid()}`));
    await left(/\[1\] \d+/);
    terminal.line("fg");
    await terminal.shows(/^110x33/);
    terminal.keys("C-z");
    await left("Stopped");
    terminal.line("bg");
    await left(/\[1\]\+ [\s\S]* &$/m); // the shell may break the line
    kill("SIGINT");
    await terminal.shows("got SIGINT");
    await until(() => !isAlive(pid())); // a moment later than its last line
    terminal.line("jobs");
    await left(/Done/);
  });

  test("nothing was ever cleared", () => {
    const stream = readFileSync(terminal.stream, "latin1");
    expect(stream.split("\u001b[?1049h").length).toBeGreaterThan(5);
    for (const part of stream.split("\u001b[?1049h").slice(1)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what it looks for
      expect(part.split("\u001b[?1049l")[0]).not.toMatch(/\u001b\[[0-3]?J/);
    }
  });
});
