import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { darkByAnswer, darkByEnvironment } from "./background.js";
import { Keys } from "./keys.js";
import { Replies } from "./replies.js";

function pressed(...pieces: string[]): string[] {
  const names: string[] = [];
  const keys = new Keys((key, text) => names.push(text === "" || text === key ? key : `${key}:${text}`));
  for (const piece of pieces) keys.push(piece);
  return names;
}

describe("keys", () => {
  test("have names", () => {
    expect(pressed("\u001b[A\u001b[B\u001b[C\u001b[D\u001bOA")).toEqual(["up", "down", "right", "left", "up"]);
    expect(pressed("\u001b[5~\u001b[6~\u001b[H\u001b[F\u001b[1~\u001b[4~")).toEqual([
      "pageup",
      "pagedown",
      "home",
      "end",
      "home",
      "end",
    ]);
    expect(pressed("\r\n\t\u001b[Z\u007f\b\u001b[3~ ")).toEqual([
      "enter",
      "enter",
      "tab",
      "shift-tab",
      "backspace",
      "backspace",
      "delete",
      "space: ",
    ]);
    expect(pressed("\u0003\u001a\u001c\u000c\u0000")).toEqual(["ctrl-c", "ctrl-z", "ctrl-\\", "ctrl-l", "ctrl-space"]);
    expect(pressed("\u001b[1;5C\u001b[1;2A\u001ba\u001bA\u001b[15~")).toEqual([
      "ctrl-right",
      "shift-up",
      "alt-a",
      "alt-A",
      "f5",
    ]);
  });
  test("are characters else, in any language", () => {
    expect(pressed("aZ?é汉😀")).toEqual(["a", "Z", "?", "é", "汉", "😀"]);
  });
  test("may arrive in parts", () => {
    expect(pressed("\u001b", "[", "A", "x")).toEqual(["up", "x"]);
  });
  test("escape is one when nothing follows", async () => {
    const names: string[] = [];
    const keys = new Keys((key) => names.push(key));
    keys.push("\u001b");
    await sleep(150);
    keys.push("a");
    expect(names).toEqual(["escape", "a"]);
  });
  test("pasted text is one text and no keys", () => {
    expect(pressed("\u001b[200~quit", " now\u001b[A\u0007\r\u001b[201~q")).toEqual(["paste:quit now\n", "q"]);
  });
  test("unknown sequences are none", () => {
    expect(pressed("\u001b[99~\u001b[>cx").at(-1)).toBe("x");
  });
});

describe("answers of the terminal among the keys", () => {
  const reader = () => {
    const answers: string[] = [];
    const replies = new Replies((answer) => answers.push(answer));
    replies.expected = true;
    return { answers, replies };
  };
  test("are taken out, also in parts", () => {
    const { answers, replies } = reader();
    const keys = ["a\u001b]11;rgb:0000/0000/0", "000\u0007b\u001b", "[?1;2", "cd"].map((piece) =>
      replies.keysIn(piece),
    );
    expect(keys.join("")).toBe("abd");
    expect(answers).toEqual(["11;rgb:0000/0000/0000"]);
    expect(replies.expected).toBe(false);
  });
  test("end with the second one; then such characters are keys", () => {
    const { replies } = reader();
    expect(replies.keysIn("\u001b[?62;4c\u001b]")).toBe("\u001b]");
    expect(replies.keysIn("x\u001b")).toBe("x\u001b");
  });
  test("what looks like the beginning of one comes later if it was a key", () => {
    const { replies } = reader();
    expect(replies.keysIn("x\u001b")).toBe("x");
    expect(replies.rest()).toBe("\u001b");
    expect(replies.rest()).toBe("");
  });
});

test("the background is dark or light by the terminal's answer, or by COLORFGBG", () => {
  expect(
    ["11;rgb:ffff/ffff/dddd", "11;rgb:1e1e/1e1e/2e2e", "11;rgb:ff/ff/ff", "11;#fff", "10;rgb:0/0/0"].map(darkByAnswer),
  ).toEqual([false, true, false, null, null]);
  expect(
    ["15;0", "0;15", "0;default;15", "12;8", "0;7", "x", ""].map((COLORFGBG) => darkByEnvironment({ COLORFGBG })),
  ).toEqual([true, false, false, true, false, null, null]);
});
