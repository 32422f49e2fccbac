import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../errors.js";
import { decodeEvent, encodeCommand, LINE_LIMIT, readEvents } from "./lines.js";
import { PROTOCOL_VERSION, WorkerCommand, WorkerEvent } from "./messages.js";

const EXAMPLES = join(import.meta.dirname, "examples");
const json = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, value: JSON.parse(readFileSync(join(folder, name), "utf8")) }));
const COMMAND_TYPES = WorkerCommand.options.map((option) => option.shape.type.value as string);
const EVENT_TYPES = WorkerEvent.options.map((option) => option.shape.type.value as string);

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string | Uint8Array, size = 7, limit?: number): Promise<WorkerEvent[]> {
  const events: WorkerEvent[] = [];
  for await (const { event } of readEvents(chunks(Buffer.from(text), size), limit)) events.push(event);
  return events;
}

const failure = (promise: Promise<unknown>): Promise<ProtocolError> =>
  promise.then(
    () => expect.unreachable("no error was raised"),
    (error) => error,
  );

describe("examples", () => {
  test("every message type has an example", () => {
    const names = json(EXAMPLES).map((example) => example.name.replace(".json", ""));
    expect(names.sort()).toEqual([...COMMAND_TYPES, ...EVENT_TYPES].sort());
  });

  test.each(json(EXAMPLES))("$name survives the round trip", async ({ value }) => {
    if (COMMAND_TYPES.includes(value.type)) {
      expect(JSON.parse(encodeCommand(WorkerCommand.parse(value)))).toEqual(value);
    } else {
      expect(await read(`${JSON.stringify(value)}\n`, 1)).toEqual([value]);
    }
  });

  test.each(json(join(EXAMPLES, "invalid")))("$name is refused", ({ name, value }) => {
    if (name.startsWith("command.")) expect(WorkerCommand.safeParse(value).success).toBe(false);
    else expect(() => decodeEvent(JSON.stringify(value))).toThrow(ProtocolError);
  });
});

const stopped = { type: "stopped", seq: 1, cells: ["größe 映画 🎬"], step: 4 };

describe("bytes to events", () => {
  test.each([1, 2, 3, 5, 64, 4096])("characters may be split over chunks of %i bytes", async (size) => {
    const text = `${JSON.stringify(stopped)}\n\n${JSON.stringify({ ...stopped, seq: 2 })}\r\n`;
    expect(await read(text, size)).toEqual([stopped, { ...stopped, seq: 2 }]);
  });

  test("half a line at the end is an error", async () => {
    const error = await failure(read('{"type":"stopped","seq"'));
    expect(error).toMatchObject({ code: "PROTOCOL_HALF_LINE" });
    expect(error.message).toContain('{\\"type\\":\\"stopped\\",\\"seq\\"');
  });

  test("an error about garbage shows its start, without control characters", async () => {
    const error = await failure(read(`Downloading\u001b[31m${"x".repeat(500)}\n`));
    expect(error.code).toBe("PROTOCOL_NOT_JSON");
    expect(error.message).toContain("Downloading\\u001b[31mxxx");
    expect(error.message.length).toBeLessThan(450);
  });

  test("bytes that are not UTF-8 are an error", async () => {
    const error = await failure(read(Buffer.from([0x7b, 0xff, 0xfe, 0x0a])));
    expect(error.message).toContain("not UTF-8");
  });

  test("NaN is not JSON; null with `diverged` is fine", async () => {
    const metrics = { type: "metrics", seq: 1, cells: ["a"], split: "train", step: 1, epoch: 0.5, diverged: ["loss"] };
    const good = { ...metrics, values: { loss: null } };
    expect(await read(`${JSON.stringify(good)}\n`)).toEqual([good]);
    const error = await failure(read(`${JSON.stringify(good).replace("null", "NaN")}\n`));
    expect(error.code).toBe("PROTOCOL_NOT_JSON");
  });

  test("errors about an unknown type and a wrong shape name it", () => {
    expect(() => decodeEvent('{"type":"celebrated","seq":1}')).toThrow('unknown event type "celebrated"');
    expect(() => decodeEvent("null")).toThrow("unknown event type (none)");
    expect(() => decodeEvent(JSON.stringify({ ...stopped, step: "x" }))).toThrow(
      "a stopped event of the wrong shape: step",
    );
  });

  test("an error about another protocol version names both versions, whatever else is in the line", () => {
    expect(() => decodeEvent('{"type":"ready","protocol":999,"hello":1}')).toThrow(
      `protocol 999, this lor2c speaks protocol ${PROTOCOL_VERSION}`,
    );
  });

  test("an endless line is an error at the limit", async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 65_536;
        yield Buffer.alloc(65_536, "a");
      }
    }
    const error = await failure(readEvents(endless()).next());
    expect(error.code).toBe("PROTOCOL_LINE_TOO_LONG");
    expect(error.message).toContain("aaaa");
    expect(sent).toBeLessThanOrEqual(LINE_LIMIT + 65_536);
  });

  test("the limit is the documented one", () => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "worker.md"), "utf8");
    expect(text).toContain(`a line of more than ${LINE_LIMIT / 2 ** 20} MiB`);
  });

  test("reads no further than the consumer asks", async () => {
    let pulled = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (pulled = 0; pulled < 100; pulled += 1) yield Buffer.from(`${JSON.stringify(stopped)}\n`);
    }
    const events = readEvents(source());
    await events.next();
    await events.next();
    expect(pulled).toBeLessThan(3);
  });
});
