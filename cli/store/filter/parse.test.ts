import { expect, test } from "vitest";
import type { UsageError } from "../../errors.js";
import { parseFilter } from "./parse.js";

const shape = (text: string) =>
  JSON.parse(JSON.stringify(parseFilter(text).condition, (name, value) => (name === "at" ? undefined : value)));

test("not binds more than and, and more than or", () => {
  const is = (name: string, value: unknown, type = "text") => ({
    ...{ kind: "in", key: { name } },
    values: [{ type, value, ...(type === "number" ? { raw: String(value) } : {}) }],
  });
  expect(shape("a = x or not b = 1 and c = true")).toEqual({
    kind: "or",
    parts: [
      is("a", "x"),
      { kind: "and", parts: [{ kind: "not", part: is("b", 1, "number") }, is("c", true, "boolean")] },
    ],
  });
  expect(shape("(a = x or b = 1) and c = true")).toMatchObject({ kind: "and", parts: [{ kind: "or" }, {}] });
});

test.each([
  ["a=x", "a = x"],
  ["a == x", "a = 'x'"],
  ["a <> x", "not a = x"],
  ['a NOT IN (x,"y")', "not (a in ('x', y))"],
  ["a Is Not Null", "NOT a is null"],
  ["((a >= .5))", "a >= .5"],
])("%s means %s", (one, other) => {
  expect(shape(one)).toEqual(shape(other));
});

test("quotes hold any text, a quote within it is written twice", () => {
  expect(shape("label = 'merges=1 (it''s) \"x\"'").values).toEqual([{ type: "text", value: 'merges=1 (it\'s) "x"' }]);
  expect(shape("when >= 2026-11-27T10:00").value).toEqual({ type: "text", value: "2026-11-27T10:00" });
  expect(shape("a = '8'").values[0].type).toBe("text");
  expect(shape("a in (-4e-4, +.5, 1., 0x10)").values.map((one: { value: unknown }) => one.value)).toEqual([
    ...[-4e-4, 0.5, 1, "0x10"],
  ]);
});

test("a key in double quotes holds any text", () => {
  expect(shape('"method.config.a, ""b""" = 1 and "x" is null')).toMatchObject({
    parts: [{ key: { name: 'method.config.a, "b"' } }, { kind: "missing", key: { name: "x" } }],
  });
});

test.each([
  ["", 0, "the filter is empty"],
  ["a", 1, "what should a be?"],
  ["a = ", 4, "expected a value"],
  ["a = 1 b = 2", 6, "not b"],
  ["a = 1 && b = 2", 6, "not &&"],
  ["a = 1)", 5, "closes nothing"],
  ["(a = 1", 6, "expected )"],
  ["not", 3, "expected a key"],
  ["= 1", 0, "expected a key"],
  ["a = 'x", 4, "no end"],
  ["a ! 1", 2, "! means nothing"],
  ["a lke x", 2, "expected a comparison"],
  ["a not x", 6, "expected a comparison"],
  ["a is 1", 5, "only null"],
  ["a = null", 4, "nothing equals null"],
  ["a in x", 5, "expected ( after in"],
  ["a in (x y)", 8, "expected , or )"],
  ["a = (1)", 4, "expected a value"],
  ["'a' = 1", 0, "expected a key"],
  ["語語 = 1 語", 9, "expected and, or"],
])("%s: the error points at its place", (text, columns, message) => {
  let caught: UsageError | undefined;
  try {
    parseFilter(text);
  } catch (error) {
    caught = error as UsageError;
  }
  expect(caught).toMatchObject({ code: "FILTER_INVALID", exitCode: 2, message: expect.stringContaining(message) });
  expect(caught?.message.split("\n").at(-1)).toBe(`${" ".repeat(4 + columns)}^`);
});

test("a long filter is shown around the place, on one line without control characters", () => {
  const long = `${"a = 1 and\n\tb\u001b[31m = 1 or ".repeat(20)} = 1`;
  expect(() => parseFilter(long)).toThrow(/^--where: [^\n]*\n {4}[^\n\p{Cc}]{1,75}\n {4} +\^$/u);
});

test.each([`${"(".repeat(60)}a = 1${")".repeat(60)}`, `${"not ".repeat(60)}a = 1`, "a = 1 or ".repeat(300)])(
  "what SQLite would refuse is refused here, with its place",
  (text) => {
    expect(() => parseFilter(text)).toThrow(/more than (50|200)/);
  },
);
