import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { tempFolder } from "../../fixtures/temp-folder.js";
import { until } from "../fixture-worker.js";
import { FollowedFile } from "./followed-file.js";

const line = (seq: number, message = "größe") =>
  `${JSON.stringify({ type: "log", seq, cells: [], level: "info", message })}\n`;

let path: string;
beforeEach(() => {
  path = join(tempFolder(), "events.ndjson");
});

/** The events that a follower has read so far, and how it ended. */
function follow(offset = 0) {
  const file = new FollowedFile(path, { offset, poll: 5 });
  const seen: { seq: number; end: number }[] = [];
  const over = (async () => {
    for await (const { event, end } of file.events()) seen.push({ seq: event.seq, end });
  })();
  over.catch(() => {});
  return { file, seen, over, numbers: () => seen.map(({ seq }) => seq) };
}

test("reads a file that is made later, line by line, and the rest when the writer is gone", async () => {
  const { file, numbers, over } = follow();
  writeFileSync(path, line(1) + line(2));
  await until(() => numbers().length === 2);
  appendFileSync(path, line(3));
  file.writerIsGone();
  await over;
  expect(numbers()).toEqual([1, 2, 3]);
});

test("an unfinished last line waits for its rest, also in the middle of a character", async () => {
  const whole = Buffer.from(line(2));
  const cut = whole.indexOf(0xc3) + 1;
  writeFileSync(path, Buffer.concat([Buffer.from(line(1)), whole.subarray(0, cut)]));
  const { file, numbers, over } = follow();
  await until(() => numbers().length === 1);
  appendFileSync(path, whole.subarray(cut));
  await until(() => numbers().length === 2);
  appendFileSync(path, '{"type":');
  file.writerIsGone();
  await expect(over).rejects.toMatchObject({ code: "PROTOCOL_HALF_LINE" });
});

test("a later reader continues after the handled lines", async () => {
  writeFileSync(path, line(1) + line(2) + line(3));
  const first = follow();
  await until(() => first.seen.length === 3);
  const second = follow(first.seen[1]?.end);
  second.file.writerIsGone();
  await second.over;
  expect(second.numbers()).toEqual([3]);
  expect(second.seen[0]?.end).toBe(first.seen[2]?.end);
  first.file.writerIsGone();
  await first.over;
});

test("more than one chunk at a time", async () => {
  const count = 3000;
  writeFileSync(path, Array.from({ length: count }, (_, i) => line(i + 1, "x".repeat(100))).join(""));
  const { file, numbers, over } = follow();
  file.writerIsGone();
  await over;
  expect(numbers()).toEqual(Array.from({ length: count }, (_, i) => i + 1));
});

test.each<[string, () => void, string]>([
  ["cut", () => truncateSync(path, 10), "PROTOCOL_FILE_CUT"],
  ["deleted", () => rmSync(path), "PROTOCOL_FILE_GONE"],
  [
    "replaced",
    () => {
      writeFileSync(`${path}.new`, line(1) + line(2) + line(3));
      renameSync(`${path}.new`, path);
    },
    "PROTOCOL_FILE_REPLACED",
  ],
])("a file that is %s is noticed", async (_, damage, code) => {
  writeFileSync(path, line(1) + line(2));
  const { numbers, over } = follow();
  await until(() => numbers().length === 2);
  damage();
  await expect(over).rejects.toMatchObject({ code });
});
