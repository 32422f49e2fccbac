import { WriteStream } from "node:tty";
import { describe, expect, test } from "vitest";
import { canRedraw, colourDepth, isInCi } from "./terminal.mjs";

/** Node's answer for an environment, as for a terminal. */
const terminal = { isTTY: true, getColorDepth: WriteStream.prototype.getColorDepth } as WriteStream;
const pipe = { getColorDepth: WriteStream.prototype.getColorDepth } as WriteStream;
const XTERM = { TERM: "xterm-256color" };

test("CI is on with any value but false, 0 and nothing", () => {
  for (const env of [{ CI: "true" }, { CI: "1" }, { CI: "woodpecker" }, { CONTINUOUS_INTEGRATION: "true" }]) {
    expect(isInCi(env), JSON.stringify(env)).toBe(true);
  }
  for (const env of [{}, { CI: "false" }, { CI: "0" }, { CI: "" }]) expect(isInCi(env)).toBe(false);
});

test("redrawing: on a terminal, outside CI, not on a dumb one", () => {
  expect(canRedraw(terminal, XTERM)).toBe(true);
  expect(canRedraw(terminal, { ...XTERM, CI: "false" })).toBe(true);
  expect(canRedraw(terminal, { ...XTERM, CI: "true" })).toBe(false);
  expect(canRedraw(terminal, { TERM: "dumb" })).toBe(false);
  expect(canRedraw(pipe, XTERM)).toBe(false);
});

describe("colour", () => {
  test.each([
    ["what the terminal has", 8, XTERM],
    ["what the terminal has", 24, { ...XTERM, COLORTERM: "truecolor" }],
    ["CI=false is no CI", 8, { ...XTERM, CI: "false" }],
    ["none in CI", 1, { ...XTERM, CI: "true" }],
    ["none in CI, whichever", 1, { ...XTERM, CI: "true", GITHUB_ACTIONS: "true" }],
    ["none on a dumb terminal", 1, { TERM: "dumb" }],
    ["none with NO_COLOR", 1, { ...XTERM, NO_COLOR: "1" }],
    ["an empty NO_COLOR is none", 8, { ...XTERM, NO_COLOR: "" }],
    ["FORCE_COLOR says how many", 24, { ...XTERM, FORCE_COLOR: "3" }],
    ["FORCE_COLOR=0 is none", 1, { ...XTERM, FORCE_COLOR: "0" }],
    ["FORCE_COLOR in CI", 4, { ...XTERM, CI: "true", FORCE_COLOR: "1" }],
    ["FORCE_COLOR on a dumb terminal", 4, { TERM: "dumb", FORCE_COLOR: "1" }],
    ["NO_COLOR counts more", 1, { ...XTERM, NO_COLOR: "1", FORCE_COLOR: "3" }],
  ])("%s: %d", (_, depth, env) => {
    expect(colourDepth(terminal, env)).toBe(depth);
  });

  test("none in a pipe or file", () => {
    for (const env of [XTERM, { ...XTERM, FORCE_COLOR: "3" }]) expect(colourDepth(pipe, env)).toBe(1);
  });
});
