import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { RUN_LOG, WORKER_LOG } from "../../attempt-files.js";
import { tempFolder } from "../../fixtures/temp-folder.js";
import { claimAll, sampleCell } from "../../store/fixtures/sample.js";
import { getAttempts } from "../../store/read.js";
import { openStore } from "../../store/store.js";
import { endAttempt, registerExperiment } from "../../store/write.js";
import { printLog } from "./print.js";

/** A run in training, and what is printed of its log. */
function running() {
  const dbPath = join(tempFolder(), "lor2c.db");
  const store = openStore(dbPath);
  const cell = sampleCell("a".repeat(16), { label: "seed=1" });
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [cell] });
  const attempt = claimAll(store, [cell]).get(cell.id) as number;
  const folder = getAttempts(store, cell.id)[0]?.folder ?? "";
  mkdirSync(folder, { recursive: true });
  const out = new PassThrough({ encoding: "utf8" });
  const print = (follow: boolean, worker = true) => printLog({ dbPath, selector: "aaaa", follow, worker, out });
  const end = () => {
    endAttempt(store, attempt, "stopped");
    store.close();
  };
  return { file: join(folder, WORKER_LOG), runLog: join(folder, RUN_LOG), out, print, end };
}

const read = (out: PassThrough) => String(out.read() ?? "");

test("follows the log until the run ends, even if a read ends within a character", async () => {
  const { file, out, print, end } = running();
  const printed = print(true);
  await new Promise((done) => setTimeout(done, 50)); // printing starts before the file exists
  const bytes = Buffer.from("one \u{1f600}\n");
  writeFileSync(file, bytes.subarray(0, 6));
  await new Promise<void>((done) => out.once("readable", done));
  const before = read(out);
  appendFileSync(file, bytes.subarray(6));
  appendFileSync(file, "two\n");
  end();
  await printed;
  expect(before + read(out)).toBe("one \u{1f600}\ntwo\n");
});

test("no text of the log moves the cursor, and each state of a progress bar is a line", async () => {
  const { file, out, print, end } = running();
  writeFileSync(file, "\u001b[31mred\u001b[0m\u001b[2J 10%\r 20%\r\ndone \u009b\u202e\u0007\tx\n");
  end();
  await print(false);
  expect(read(out)).toBe("red 10%\n 20%\ndone \\u009b\\u202e\\u0007\tx\n");
});

test("the runner's log stays JSON", async () => {
  const { runLog, out, print, end } = running();
  writeFileSync(runLog, `${JSON.stringify({ label: "\u001b[2J\u202e" })}\n`);
  end();
  await print(false, false);
  const text = read(out);
  expect(text).not.toContain("\u202e");
  expect(JSON.parse(text)).toEqual({ label: "\u001b[2J\u202e" });
});

test("a missing or unreadable log is an error", async () => {
  const { file, print, end } = running();
  end();
  await expect(print(false)).rejects.toMatchObject({ code: "LOG_MISSING" });
  mkdirSync(join(dirname(file), WORKER_LOG));
  await expect(print(false)).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
});

test("an empty log says so, and where the error is", async () => {
  const { file, print, end } = running();
  writeFileSync(file, "");
  end();
  let said = "";
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  await print(false);
  write.mockRestore();
  expect(said).toMatch(/^the worker wrote nothing to stderr; `lor2c show a{16}` has the error/);
});
