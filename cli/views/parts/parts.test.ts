import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { formatSeconds } from "../format.js";
import { bar } from "./bar.js";
import { breakLines } from "./break-lines.js";
import { formatBytes } from "./bytes.js";
import { chart as charts, type Point } from "./chart.js";
import { csvText } from "./csv.js";
import { facts } from "./facts.js";
import { clip, fitTo } from "./fit.js";
import { namedNumber } from "./named-number.js";
import { shade } from "./shade.js";
import { sparkline } from "./sparkline.js";
import { tableLines } from "./table.js";
import { jsonText, oneLine, visible } from "./visible.js";
import { withWholeCommands } from "./whole-commands.js";

describe("errors break at words, but not within commands, quoted texts and paths", () => {
  const broken = (text: string) =>
    withWholeCommands(text, (glued) => breakLines(glued, 40, "  ", (line) => line.length));
  test.each([
    [
      "lor2c: the adapter was not kept; train it: lor2c run SPEC --set keep.adapters=all --force, or not",
      [
        "lor2c: the adapter was not kept; train",
        "  it:",
        "  lor2c run SPEC --set keep.adapters=all --force,",
        "  or not",
      ],
    ],
    ["  the rows are: one, two, three, four, five, six", ["  the rows are: one, two, three, four,", "    five, six"]],
    ["see what it is: `lor2c tag [tag] [runs..]`", ["see what it is:", "  `lor2c tag [tag] [runs..]`"]],
    ["lor2c ls lists the runs of every experiment", ["lor2c ls lists the runs of every", "  experiment"]],
    [
      "cannot read this: /a/very/long/path/of/a/file/that/does/not/fit.csv",
      ["cannot read this:", "  /a/very/long/path/of/a/file/that/does/not/fit.csv"],
    ],
  ])("%s", (text, lines) => expect(broken(text)).toEqual(lines));
});

test("a number beside a name is never cut: the name is, or the number stands below it", () => {
  const name = "a-name-".repeat(8);
  expect(namedNumber("  1  ", "short", "last 0.67", 80)).toEqual(["  1  short: last 0.67"]);
  expect(namedNumber("  1  ", name, "last 0.67", 60)).toEqual([`  1  ${clip(name, 44)}: last 0.67`]);
  expect(namedNumber("  1  ", name, "last 0.67", 30)).toEqual([clip(`  1  ${name}:`, 30), "     last 0.67"]);
});

test.each([
  [0, "░░░░"],
  [0.5, "██░░"],
  [0.3, "█▏░░"],
  [1, "████"],
  [7, "████"],
  [-1, "░░░░"],
  [Number.NaN, "░░░░"],
])("bar(%s)", (fraction, expected) => expect(bar(fraction, 4)).toBe(expected));

test.each([
  [[1, 2, 3, 4, 5, 6, 7, 8], 8, "▁▂▃▄▅▆▇█"],
  [[3, 3, 3], 8, "▁▁▁"],
  [[0, 0, 7, 7], 2, "▁█"],
  [[1, null, 2], 8, "▁×█"],
  [[1, 1, null, 9, 9, 9], 3, "▁×█"],
  [[null], 4, "×"],
  [[], 4, ""],
])("sparkline(%j, %i)", (values, width, expected) => expect(sparkline(values, width)).toBe(expected));

test.each([
  [null, "-"],
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1_000_000, "977 KiB"],
  [1_048_575, "1 MiB"],
  [5.5 * 1024 ** 3, "5.5 GiB"],
])("formatBytes(%s)", (bytes, expected) => expect(formatBytes(bytes)).toBe(expected));

test.each([
  [null, "-"],
  [0, "0ms"],
  [0.04, "40ms"],
  [12, "12.0s"],
  [54.44, "54.4s"],
  [2.484, "2.5s"],
  [59.97, "1m"],
  [103.4, "1m 43s"],
  [3599.7, "1h"],
  [7530, "2h 5m"],
  [90_000, "1d 1h"],
])("formatSeconds(%s)", (seconds, expected) => expect(formatSeconds(seconds)).toBe(expected));

test("CSV quotes where necessary, and distinguishes NULL from empty text", () => {
  expect(csvText([["a", 1.5, null, 'say "x", y', "two\nlines", "\r", 10n, ""], ["é"]])).toBe(
    'a,1.5,,"say ""x"", y","two\nlines","\r",10,""\r\né\r\n',
  );
});

describe("text of an exact width", () => {
  test("truncates with an ellipsis, never within a wide character", () => {
    expect(clip("abcdef", 6)).toBe("abcdef");
    expect(clip("abcdef", 5)).toBe("abcd…");
    expect(clip("日本語です", 6)).toBe("日本…");
    for (let width = 0; width < 12; width++) {
      expect(stringWidth(clip("日本a語で👩‍👩‍👧す語", width))).toBeLessThanOrEqual(width);
    }
    expect(clip("abc", 0)).toBe("");
  });
  test("fills to the width on either side", () => {
    expect(fitTo("日本", 6)).toBe("日本  ");
    expect(fitTo("12", 4, "right")).toBe("  12");
    expect(stringWidth(fitTo("👩‍👩‍👧 family", 5))).toBe(5);
  });
  test("one line", () => expect(oneLine(" a\n  b\tc ")).toBe("a b c"));
});

describe("what a terminal must not get from data", () => {
  const hostile = "\u0000\u001b]0;title\u0007\u001b[2J\r\u007f\u009b31m\u202e\u2066\u2028\ud800x\udc00";
  const written = "\\u0000\\u001b]0;title\\u0007\\u001b[2J\\u000d\\u007f\\u009b31m\\u202e\\u2066\\u2028\\ud800x\\udc00";
  test("is escaped; line feeds, tabs, accents and surrogate pairs stay", () => {
    expect(visible(hostile)).toBe(written);
    expect(visible("é\n\t👩‍👩‍👧 日本")).toBe("é\n\t👩‍👩‍👧 日本");
  });
  test("is escaped in tables and facts; values of several lines stay aligned", () => {
    const table = tableLines([{ key: "a", title: "a" }], [[hostile]], null);
    expect(table[1]).toBe(written.replace("\\u000d", " "));
    expect(facts([["message", `one\ntwo ${hostile}`]])).toEqual(["message  one", `         two ${written}`]);
  });
  test("JSON without it parses to the same value", () => {
    expect(jsonText({ hostile })).not.toMatch(/[\u007f-\u009f\u202e\u2066]/);
    expect(JSON.parse(jsonText({ hostile }))).toEqual({ hostile });
  });
});

test("shades from low to high", () => {
  expect([0, 0.3, 0.6, 1].map((value) => shade(value, 0, 1)).join("")).toBe("░▒▓█");
  expect(shade(4, 4, 4)).toBe("█");
});

describe("chart", () => {
  const chart = (points: Point[], size: { width: number; height: number }) =>
    charts([{ points, index: 0, mark: "" }], size);
  test("a falling line with both axes", () => {
    const points = Array.from({ length: 9 }, (_, i) => ({ x: i / 4, y: 8 - i }));
    expect(`\n${chart(points, { width: 26, height: 3 }).join("\n")}\n`).toBe(`
       8 ┤⠉⠒⠢⢄⣀
         ┤     ⠉⠉⠒⠢⢄⡀
       0 ┤          ⠈⠉⠒⠤⢄⣀
          0              2
`);
  });
  test("a spike among thousands of points is drawn", () => {
    const points = Array.from({ length: 5000 }, (_, i) => ({ x: i, y: i === 2500 ? 100 : 0 }));
    const rows = chart(points, { width: 40, height: 5 });
    expect(rows[0]?.trim()).toMatch(/^100 ┤ +[⠀-⣿]$/);
    expect(rows.every((row) => stringWidth(row) <= 40)).toBe(true);
  });
  test("a value that is not finite leaves a gap; one point is a dot; no points give a message", () => {
    const gap =
      chart(
        [0, 1, 2, 3, 4].map((x) => ({ x, y: x === 2 ? null : 1 })),
        { width: 30, height: 1 },
      )[0] ?? "";
    expect(gap.slice(10)).toMatch(/^[⠀-⣿]+ +[⠀-⣿]+$/);
    expect(chart([{ x: 1, y: 2 }], { width: 20, height: 1 })[1]?.trim()).toBe("1");
    const constant = chart(
      [
        { x: 1, y: 2 },
        { x: 3, y: 2 },
      ],
      { width: 20, height: 5 },
    );
    expect(constant.map((row) => row.split("┤")[0]?.trim())).toEqual([
      "",
      "",
      "2",
      "",
      "",
      expect.stringContaining("1"),
    ]);
    expect(constant[2]).toMatch(/⠉|⠒|⠤|⣀/);
    expect(chart([{ x: 1, y: null }], { width: 20, height: 1 })).toEqual(["(no values)"]);
  });
  test("several lines share a scale, have different dot patterns, and end at their marks", () => {
    const line = (index: number, end: number) => ({
      index,
      mark: String(index + 1),
      points: [0, 1, 2].map((x) => ({ x, y: (x * end) / 2 })),
    });
    expect(
      `\n${charts([line(0, 8), line(1, 4), line(2, 8)], { width: 40, height: 4 }).join("\n")}\n`,
    ).toMatchInlineSnapshot(`
      "
             8 ┤               ⣀⡠⠔⠒⠉ 1,3
               ┤         ⢀⣀⠤⠔⠊⠉   ⢀⣀ 2
               ┤    ⢀⣀⠤⠒⠊⣁⣀⡀ ⠤⠒⠒ ⠈⠁
             0 ┤⣀⡤⠖⠊⠓⠒⠊ ⠈
                0                  2
      "
    `);
  });
});
