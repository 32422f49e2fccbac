import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { ansiOf } from "./ansi.js";
import { asciiOf } from "./ascii.js";
import type { Line, Role } from "./line.js";
import { lookOf } from "./look.js";
import type { Look } from "./pane.js";
import { sgrOf } from "./styles.js";

const look = (change: Partial<Look> = {}): Look => ({ depth: 24, dark: true, ascii: false, ...change });
const shown = (line: Line, change?: Partial<Look>) =>
  JSON.stringify(ansiOf(line, look(change))).replaceAll("\\u001b", "E");

test("each piece has its colours, and ends them", () => {
  const line: Line = [{ text: "87.1", scale: 1, bold: true }, { text: " " }, { text: "lost", role: "bad" }];
  expect([24, 8, 4, 1].map((depth) => shown(line, { depth: depth as Look["depth"] }))).toMatchInlineSnapshot(`
    [
      ""E[1;48;2;253;234;69;38;2;0;0;0m87.1E[0m E[38;5;210mlostE[0m"",
      ""E[1;48;5;221;38;5;16m87.1E[0m E[38;5;210mlostE[0m"",
      ""E[1;43;30m87.1E[0m E[91mlostE[0m"",
      ""E[1m87.1E[0m lost"",
    ]
  `);
});

test("without colours a selection is reversed, titles are bold, and no colour is used", () => {
  const roles: Role[] = ["good", "bad", "warn", "accent", "dim", "title", "selected"];
  const codes = roles.map((role) => sgrOf({ text: "", role, scale: 0.5, series: 1 }, look({ depth: 1 })));
  expect(codes).toEqual(["", "", "", "", "2", "1", "7"]);
});

describe("colours of roles and series", () => {
  /** Of the 256 colours of xterm, from 16 on. */
  const luminance = (index: number): number => {
    const cube = index - 16;
    const steps = [0, 95, 135, 175, 215, 255];
    const grey = 8 + 10 * (index - 232);
    const rgb =
      index >= 232 ? [grey, grey, grey] : [cube / 36, (cube / 6) % 6, cube % 6].map((i) => steps[Math.floor(i)] ?? 0);
    const [red = 0, green = 0, blue = 0] = rgb.map((byte) =>
      byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  test.each([true, false])("can be read on their background (dark: %s)", (dark) => {
    const spans = [
      ...(["good", "bad", "warn", "accent", "dim"] as const).map((role) => ({ text: "", role })),
      ...Array.from({ length: 9 }, (_, series) => ({ text: "", series })),
    ];
    const indices = spans.map((span) => Number(/^38;5;(\d+)$/.exec(sgrOf(span, look({ dark })))?.[1]));
    for (const index of indices) {
      const contrast = dark ? (luminance(index) + 0.05) / 0.05 : 1.05 / (luminance(index) + 0.05);
      expect.soft(contrast, `colour ${index}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(new Set(indices.slice(0, 5)).size).toBe(5);
    expect(new Set(indices.slice(5)).size).toBe(7);
  });
});

test("control characters of data do not reach the terminal", () => {
  expect(ansiOf([{ text: "a\u001b[2Jb\tc\nd\u0007" }], look())).toBe("a\\u001b[2Jb c d\\u0007");
});

describe("in ASCII", () => {
  test("a screen keeps its shape", () => {
    const rows = ["┌─1 Grid──┐", "│ ▰▰▱ 58% │", "├┄┄ ★89.4 ┤", "│ ≈ × ✓ ✗ │", "│ ⣀⡠⠤⠒⠉⢸ ▁▄█ │", "└ ↑↓←→ … ·┘"];
    expect(rows.map(asciiOf)).toMatchInlineSnapshot(`
      [
        "+-1 Grid--+",
        "| ##. 58% |",
        "+-- *89.4 +",
        "| ~ x + x |",
        "| ...'': _=# |",
        "+ ^v<> . .+",
      ]
    `);
  });
  test("every character becomes ASCII of its width", () => {
    for (let code = 0x20; code < 0x30000; code += code >= 0x2190 && code < 0x2900 ? 1 : code < 0x180 ? 1 : 37) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const mark = String.fromCodePoint(code);
      const ascii = asciiOf(mark);
      if (stringWidth(mark) !== ascii.length || !/^[\x20-\x7e]*$/.test(ascii)) {
        expect.soft(ascii, `U+${code.toString(16)} ${mark}`).toHaveLength(stringWidth(mark));
        expect.soft(ascii).toMatch(/^[\x20-\x7e]*$/);
      }
    }
    expect(ansiOf([{ text: "größe 汉 😀" }], look({ ascii: true }))).toBe("grosse ?? ??".replace("grosse", "gro?e"));
  });
});

test("a locale without UTF-8, the console of Linux or --ascii make it ASCII", () => {
  const stdout = { isTTY: false } as NodeJS.WriteStream;
  const ascii = (env: NodeJS.ProcessEnv, asked = false) => lookOf({ stdout, env, ascii: asked }).ascii;
  expect(
    [{ LANG: "de_DE.UTF-8" }, { LANG: "C.utf8" }, {}, { LC_ALL: "", LANG: "en_US.UTF8" }].map((env) => ascii(env)),
  ).toEqual(Array(4).fill(false));
  expect([{ LANG: "C" }, { LANG: "C.UTF-8", LC_ALL: "POSIX" }, { TERM: "linux" }].map((env) => ascii(env))).toEqual(
    Array(3).fill(true),
  );
  expect(ascii({}, true)).toBe(true);
});
