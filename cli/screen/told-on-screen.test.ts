import { expect, test } from "vitest";
import { ToldOnScreen } from "./told-on-screen.js";

function told() {
  const printed: string[] = [];
  const at = new Date(2026, 10, 28, 12, 0, 0).getTime();
  return {
    printed,
    told: new ToldOnScreen(
      () => at,
      (line) => printed.push(line),
    ),
  };
}

test("warnings and errors of a screen are printed once with their time, but not what the summary says", () => {
  const { printed, told: kept } = told();
  kept.add("warn", "the disk is nearly full");
  kept.add("warn", "the disk is nearly full");
  kept.add("error", "heartbeat: database is locked");
  kept.add("warn", "12 rows are cut");
  kept.print(["12 rows are cut"]);
  kept.print();
  expect(printed).toEqual([
    "12:00:00  warn: the disk is nearly full",
    "12:00:00  error: heartbeat: database is locked",
  ]);
});

test("of very many the newest are printed", () => {
  const { printed, told: kept } = told();
  for (let i = 0; i < 100; i++) kept.add("warn", `message ${i}`);
  kept.print();
  expect(printed).toHaveLength(31);
  expect(printed[0]).toBe("(70 earlier messages are left out)");
  expect(printed.at(-1)).toContain("message 99");
});
