import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import type { Lor2cError } from "../errors.js";
import { builtFixture } from "../fixtures/program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { PROTOCOL_VERSION, type WorkerEvent } from "../protocol/messages.js";
import { fixture, isAlive, startFixture, until } from "./fixture-worker.js";
import { markedProcesses } from "./process-group.js";
import type { WorkerOptions } from "./worker-process.js";

const refusal = (name: string, options?: Partial<WorkerOptions>): Promise<Lor2cError> =>
  startFixture(name, options).then(
    () => expect.unreachable("the worker became ready"),
    (error) => error,
  );

/** The fixture runs on its own until it is over. */
async function outcome(name: string, options?: Partial<WorkerOptions>) {
  const { worker, events } = await startFixture(name, options);
  const end = await worker.closed;
  expect(isAlive(worker.pid)).toBe(false);
  expect(markedProcesses(worker.marker)).toEqual([]);
  return { end, events, worker };
}

describe("before the handshake", () => {
  test("an exit shows the code and the last 40 lines of stderr", async () => {
    const error = await refusal("exits-before-ready.py");
    expect(error.code).toBe("WORKER_START_FAILED");
    expect(error.message).toContain("exit code 3");
    expect(error.message).toContain("stderr line 50");
    expect(error.message).toContain("stderr line 11");
    expect(error.message).not.toContain("stderr line 10\n");
    expect(error.hint).toContain("worker.log");
  });

  test("a silent worker ends at the time-out", async () => {
    const error = await refusal("hangs-before-ready.py", { startTimeoutSeconds: 2 });
    expect(error.code).toBe("WORKER_START_TIMEOUT");
    expect(error.message).toContain("2 seconds");
    expect(error.message).toContain("stderr line 2");
  });

  test("an abort does not wait for the time-out", async () => {
    const options = { signal: AbortSignal.timeout(300), startTimeoutSeconds: 3600 };
    const error = await refusal("hangs-before-ready.py", options);
    expect(error.message).toContain("signal SIGKILL");
  });

  test("another protocol version names both numbers", async () => {
    const error = await refusal("other-version.py");
    expect(error.code).toBe("PROTOCOL_VERSION");
    expect(error.message).toContain("protocol 99");
    expect(error.message).toContain(`protocol ${PROTOCOL_VERSION}`);
    expect(error.hint).toContain("npm run setup");
  });

  test("a program that does not exist", async () => {
    const error = await refusal("x", { commandOverride: ["/nonexistent/python"] });
    expect(error.code).toBe("WORKER_SPAWN");
    expect(error.message).toContain("ENOENT");
  });
});

describe("broken protocol", () => {
  test.each([
    ["prints-garbage.py", "PROTOCOL_NOT_JSON", "Downloading model.safetensors"],
    ["half-line.py", "PROTOCOL_HALF_LINE", '\\"cells\\": [\\"ce'],
    ["long-line.py", "PROTOCOL_LINE_TOO_LONG", "xxxx"],
    ["nan-metrics.py", "PROTOCOL_NOT_JSON", "metrics"],
    ["unknown-event.py", "PROTOCOL_UNKNOWN_EVENT", "celebrated"],
  ])("%s ends as %s", async (name, code, shows) => {
    const { end } = await outcome(name);
    expect(end.protocolError?.code).toBe(code);
    expect(end.protocolError?.message).toContain(shows);
    // Some workers still report that their pipe is closed.
    expect(end.stderrTail.slice(0, 3)).toEqual(["stderr line 1", "stderr line 2", "stderr line 3"]);
  });

  test("a line of 100 MB is not collected", async () => {
    const before = process.memoryUsage().rss;
    await outcome("long-line.py");
    expect(process.memoryUsage().rss - before).toBeLessThan(60e6);
  });
});

describe("stopping", () => {
  test("a polite worker ends with its stdin", async () => {
    const { worker } = await startFixture("ends-with-stdin.py");
    expect(worker.state).toBe("ready");
    await worker.stop();
    expect(worker.state).toBe("ended");
    expect(await worker.closed).toMatchObject({ exitCode: 0, signal: null });
    await worker.stop();
  });

  test("SIGTERM ends one that ignores the message", async () => {
    const { worker } = await startFixture("ignores-stop-message.py", { stopGraceSeconds: 0.2 });
    await worker.stop();
    expect(await worker.closed).toMatchObject({ signal: "SIGTERM" });
  });

  test("SIGKILL ends one that ignores SIGTERM too", async () => {
    const { worker } = await startFixture("ignores-stop.py", { stopGraceSeconds: 0.2, termGraceSeconds: 0.3 });
    await worker.stop();
    const end = await worker.closed;
    expect(end.signal).toBe("SIGKILL");
    expect(end.stderrTail).toContain("SIGTERM ignored");
    expect(isAlive(worker.pid)).toBe(false);
  });

  test("kill() does not wait", async () => {
    const { worker } = await startFixture("ignores-stop.py", { stopGraceSeconds: 3600 });
    worker.kill();
    await worker.closed;
  });

  test("the worker's children end with it, also in another session", async () => {
    const { worker, events } = await startFixture("leaves-grandchildren.py");
    await until(() => events.some((event) => event.type === "log"));
    const log = events.find((event) => event.type === "log");
    const children = log?.message.split(" ").map(Number) ?? [];
    expect(children.map(isAlive)).toEqual([true, true]);
    await worker.stop();
    await until(() => !children.some(isAlive));
    expect((await worker.closed).exitCode).toBe(0);
  });
});

test("a death by SIGKILL keeps the events before it", async () => {
  const { worker, events } = await startFixture("dies-mid-epoch.py");
  worker.send({ type: "train", request: "t", cells: [], checkpoint: "/nowhere", write_checkpoints: true, log: null });
  expect(await worker.closed).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  expect(events.filter((event) => event.type === "metrics")).toHaveLength(5);
});

test("a flood arrives whole and in order, and waits while the consumer is busy", async () => {
  const seen: number[] = [];
  let open = 0;
  const onEvent = async (event: WorkerEvent) => {
    open += 1;
    expect(open).toBe(1);
    seen.push(event.seq);
    if (event.seq % 5000 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
    open -= 1;
  };
  const before = process.memoryUsage().rss;
  const { worker } = await startFixture("floods.py", { onEvent });
  await until(() => seen.length === 100_002);
  await worker.stop();
  expect(seen.every((seq, index) => seq === index + 1)).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
});

test("an error of the consumer ends the worker and reaches the caller", async () => {
  const onEvent = (event: WorkerEvent) => {
    if (event.type === "metrics") throw new Error("disk full");
  };
  const { worker } = await startFixture("floods.py", { onEvent });
  await expect(worker.closed).rejects.toThrow("disk full");
  expect(isAlive(worker.pid)).toBe(false);
});

test("the log file exists before the worker and takes its stderr", async () => {
  const { worker, log } = await startFixture("ends-with-stdin.py");
  expect(log()).toBe("");
  await worker.stop();
  const error = await refusal("x", {
    commandOverride: ["python3", "-c", "import os,sys; sys.exit(os.fstat(2).st_size)"],
  });
  expect(error.message).toContain("exit code 0");
});

test("a worker does not outlive a runner that is killed", async () => {
  const logFile = join(tempFolder(), "worker.log");
  const worker = ["python3", fixture("ends-with-stdin.py")];
  const runner = execa("node", [builtFixture("holds-a-worker"), logFile, ...worker], { reject: false });
  const pid = await new Promise<number>((resolve) => {
    runner.stdout.once("data", (bytes) => resolve(Number(String(bytes))));
  });
  expect(isAlive(pid)).toBe(true);
  runner.kill("SIGKILL");
  await until(() => !isAlive(pid));
});
