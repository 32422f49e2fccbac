import { expect, test } from "vitest";
import { chosenFormat, DRAWN_FORMATS, type DrawnFormat } from "./output-format.js";
import query from "./query.js";
import report from "./report.js";

const conflict = (message: string) => expect.objectContaining({ code: "FORMAT_CONFLICT", exitCode: 2, message });

test.each([
  [{ format: "csv", output: "x.parquet" }, "csv is asked for, and the ending of x.parquet says parquet"],
  [{ json: true, output: "x.CSV" }, "json is asked for, and the ending of x.CSV says csv"],
  [{ format: "json", output: "x.vl.json" }, "json is asked for, and the ending of x.vl.json says vega-lite"],
  [{ format: "png", output: "x.txt" }, "png is asked for, and the ending of x.txt says text"],
] as [{ format?: DrawnFormat; json?: boolean; output: string }, string][])(
  "%j: the format contradicts the name of the file",
  (args, message) => {
    expect(() => chosenFormat(args, DRAWN_FORMATS)).toThrow(conflict(message));
  },
);

test.each([
  ["vega-lite", "x.json"],
  ["markdown", "x.txt"],
  ["csv", "x.csv"],
  ["csv", "/dev/stdout"],
  ["latex", "x.data"],
] as [DrawnFormat, string][])("%s into %s is no contradiction", (format, output) => {
  expect(chosenFormat({ format, output }, DRAWN_FORMATS)).toBe(format);
});

test("query --csv, query --vertical and report do not write into a file of another name", async () => {
  const parsed = { _: [], $0: "lor2c" };
  const asked = { ...parsed, sql: "SELECT 1", db: "none.db", output: "x.parquet" };
  await expect(query.handler({ ...asked, csv: true })).rejects.toThrow(
    conflict("csv is asked for, and the ending of x.parquet says parquet"),
  );
  await expect(query.handler({ ...asked, vertical: true })).rejects.toThrow(
    conflict("text is asked for, and the ending of x.parquet says parquet"),
  );
  await expect(report.handler({ ...parsed, runs: ["g"], db: "none.db", output: "x.csv" })).rejects.toThrow(
    conflict("html is asked for, and the ending of x.csv says csv"),
  );
});
