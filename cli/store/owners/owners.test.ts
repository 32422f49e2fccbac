import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { processLife, processStart } from "../../process-identity.js";
import { describeOwner, lifeOf } from "./index.js";
import { thisProcess } from "./process.js";

const change = (values: Record<string, unknown>) => ({
  kind: "process",
  id: JSON.stringify({ ...JSON.parse(thisProcess().id), ...values }),
});

test("a process owns as long as it lives, and no later process with its number does", () => {
  expect(lifeOf(thisProcess())).toBe("alive");
  expect(lifeOf(change({ started: "another time" }))).toBe("dead");
  expect(lifeOf(change({ host: "elsewhere" }))).toBe("elsewhere");
  expect(describeOwner(change({ host: "h", pid: 7 }))).toBe("process 7 on h");
});

test("a dead process is dead, also before its parent has waited for it", async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid as number;
  const started = processStart(pid) as string;
  expect(processLife(pid, started)).toBe("alive");
  const closed = new Promise((done) => child.once("close", done));
  child.kill("SIGKILL");
  await closed;
  expect(processLife(pid, started)).toBe("dead");
});

test("a stored owner that is no owner at all is judged by its lease; a kind that is not known is too", () => {
  for (const id of ["", "x", "null", "7", "[]", '{"pid": "1"}']) {
    expect(lifeOf({ kind: "process", id })).toBe("elsewhere");
    expect(describeOwner({ kind: "process", id })).toBe("process 0 on an unknown machine");
  }
  expect(lifeOf({ kind: "toString", id: "" })).toBe("elsewhere");
  expect(describeOwner({ kind: "cluster", id: "job 12" })).toBe("cluster job 12");
  expect(lifeOf(change({ pid: -1 }))).toBe("dead");
});
