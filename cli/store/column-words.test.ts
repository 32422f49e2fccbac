import { expect, test } from "vitest";
import { columnWords } from "./column-words.js";
import { settingAt } from "./setting-at.js";
import { parseColumns } from "./value-column.js";

test("commas and ` as ` part columns, not within quotes; a quote inside is written twice", () => {
  const list = `score, best:accuracy as the best , "a, b as c" as "size, in MB", last:train/'it''s "x"'@3, seed as '""'`;
  expect(columnWords(list).map(({ key, heading }) => [key, heading])).toEqual([
    ["score", undefined],
    ["best:accuracy", "the best"],
    ["a, b as c", "size, in MB"],
    ['last:train/it\'s "x"@3', undefined],
    ["seed", '""'],
  ]);
});

test("a name in quotes is a metric, after an end, at an epoch or alone; with a dot that no metric has, a setting", () => {
  const stored = ({ name }: { name: string }) => name === "exact, match" || name === "hits.5";
  const sources = parseColumns(
    `"exact, match", best:"exact, match", "exact, match"@3, "hits.5", "method.config.a,b"`,
    stored,
  ).map(({ source }) => source);
  const metric = { split: "eval", name: "exact, match" };
  expect(sources).toEqual([
    { of: "moment", ...metric, at: "best" },
    { of: "end", ...metric, end: "highest" },
    { of: "moment", ...metric, at: 3 },
    { of: "moment", split: "eval", name: "hits.5", at: "best" },
    { of: "setting", path: "method.config.a,b" },
  ]);
});

test.each([
  ['"accuracy', /the quote before "accuracy" has no end/],
  ['"a" "b"', /a comma is missing before/],
  ['score as "x', /has no end/],
  ["score,", /it is empty/],
  ['""', /its name is empty/],
])("%s is an error that says how to write it", (text, message) => {
  expect(() => parseColumns(text)).toThrow(message);
});

test("a setting whose own key has dots is found by its dotted key", () => {
  const settings = { method: { config: { rank_pattern: { "layer.0.query": 8 }, "layer.0": null } } };
  const at = (path: string) => settingAt(settings, `method.config.${path}`);
  expect([at("rank_pattern.layer.0.query"), at("layer.0"), at("layer.1"), at("layer")]).toEqual([
    8,
    null,
    undefined,
    undefined,
  ]);
});
