import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { processLife, processStart } from "../../process-identity.js";
import { describeOwner, lifeOf } from "./index.js";
import { thisProcess } from "./process.js";

const change = (values: Record<string, unknown>) => ({
  kind: "process",
  id: JSON.stringify({ ...JSON.parse(thisProcess().id), ...values }),
});

test("an owner is alive while its process is, and a later process with the same pid is not the owner", () => {
  expect(lifeOf(thisProcess())).toBe("alive");
  expect(lifeOf(change({ started: "another time" }))).toBe("dead");
  expect(lifeOf(change({ host: "elsewhere" }))).toBe("elsewhere");
  expect(describeOwner(change({ host: "h", pid: 7 }))).toBe("process 7 on h");
});

test("a killed process counts as dead even before its parent has waited for it", async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid as number;
  const started = processStart(pid) as string;
  expect(processLife(pid, started)).toBe("alive");
  const closed = new Promise((done) => child.once("close", done));
  child.kill("SIGKILL");
  await closed;
  expect(processLife(pid, started)).toBe("dead");
});

test("for an invalid owner, and for one of an unknown kind, only the lease tells", () => {
  for (const id of ["", "x", "null", "7", "[]", '{"pid": "1"}']) {
    expect(lifeOf({ kind: "process", id })).toBe("elsewhere");
    expect(describeOwner({ kind: "process", id })).toBe("process 0 on an unknown machine");
  }
  expect(lifeOf({ kind: "toString", id: "" })).toBe("elsewhere");
  expect(describeOwner({ kind: "cluster", id: "job 12" })).toBe("cluster job 12");
  expect(lifeOf(change({ pid: -1 }))).toBe("dead");
});
