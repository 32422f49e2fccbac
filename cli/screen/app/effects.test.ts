/** Commands that keys start, with a program that pretends to be lor2c. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../../fixtures/temp-folder.js";
import { textOf } from "../line.js";
import { carryOut, type EffectOptions, type Told } from "./effects.js";

const folder = tempFolder("lor2c-effects");
const script = join(folder, "lor2c.mjs");
writeFileSync(
  script,
  `const words = process.argv.slice(2);
if (words[1] === "bad") { console.error("lor2c: there is no run bad\\n  lor2c ls lists the runs"); process.exit(2); }
console.log("did " + words.join(" ") + "\\nbefore: \\u001b[2J");`,
);

const before = process.argv[1] ?? "";
beforeEach(() => {
  process.argv[1] = script;
});
afterEach(() => {
  process.argv[1] = before;
});

const options = (later: EffectOptions["later"] = () => {}): EffectOptions => ({
  ...{ dbPath: join(folder, "lor2c.db"), dbWords: ["--db", "x.db"], columns: 80, later },
});
const noteOf = ({ note }: Told) => textOf(note ?? []);

test("commands run in turn; what they say, and how to do the same, stands in one line", async () => {
  const told = await carryOut({ do: "commands", list: [["note", "a1", "two words"]] }, options());
  expect(noteOf(told)).toBe(
    " did note a1 two words --db x.db; before: \\u001b[2J  lor2c note a1 'two words' --db x.db",
  );
  expect(told.done).toBe("lor2c note a1 'two words' --db x.db");
});

test("a command that fails says why, and how many were done before", async () => {
  const list = ["a1", "b2", "bad", "d4"].map((run) => ["stop", run]);
  const told = await carryOut({ do: "commands", list }, options());
  expect(noteOf(told)).toBe(" stop (after 2 of 4): there is no run bad");
});

test("what is started is told with its process and file, and later if it failed", async () => {
  let failed: (told: Told) => void = () => {};
  const failure = new Promise<Told>((resolve) => {
    failed = resolve;
  });
  const told = await carryOut({ do: "start", words: ["retry", "bad"] }, options(failed));
  expect(noteOf(told)).toMatch(/^ retry runs as process \d+; its lines are in .*retry-.*\.log$/);
  expect(told.done).toBe("lor2c retry bad --db x.db");
  expect(noteOf(await failure)).toMatch(/^ retry ended: there is no run bad; its lines are in .*\.log$/);
  expect(readdirSync(folder).filter((name) => name.startsWith("retry-"))).toHaveLength(1);
});
