import { expect, test } from "vitest";
import { HeldOutput } from "./held-output.js";

function stream(isTTY: boolean) {
  const written: string[] = [];
  const out = {
    isTTY,
    write: (text: string | Uint8Array) => {
      written.push(String(text));
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { out, written };
}

test("what is written to terminals is kept, told, and written in its order when it is released", async () => {
  const [first, second, file] = [stream(true), stream(true), stream(false)];
  const told: string[] = [];
  const held = new HeldOutput([first.out, second.out, file.out], (text) => told.push(text));
  held.hold();
  first.out.write("one\n");
  await new Promise<void>((done) => second.out.write(Buffer.from("two\n"), () => done()));
  file.out.write("in a file\n");
  expect([first.written, second.written, file.written]).toEqual([[], [], ["in a file\n"]]);
  expect(told).toEqual(["one\n", "two\n"]);
  held.release();
  expect([first.written, second.written]).toEqual([["one\n"], ["two\n"]]);
  first.out.write("after\n");
  expect(first.written).toEqual(["one\n", "after\n"]);
});

test("of very much the newest is kept, and that something is missing is said", () => {
  const { out, written } = stream(true);
  const held = new HeldOutput([out], () => {});
  held.hold();
  for (let i = 0; i < 400; i++) out.write(`${i} ${"x".repeat(1000)}\n`);
  held.release();
  expect(written[0]).toBe("(earlier messages are left out)\n");
  expect(written.at(-1)).toContain("399 ");
  expect(written.join("").length).toBeLessThan(270_000);
});

test("warnings of Node are kept too, and its own listeners come back", () => {
  const before = process.listeners("warning");
  const held = new HeldOutput([], () => {});
  held.hold();
  expect(process.listenerCount("warning")).toBe(1);
  held.release();
  expect(process.listeners("warning")).toEqual(before);
});
