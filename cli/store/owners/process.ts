import { hostname } from "node:os";
import { Lor2cError } from "../../errors.js";
import { processLife, processStart } from "../../process-identity.js";
import type { Owner, OwnerKind } from "./kind.js";

/** A `lor2c` process. Its id is JSON, so that SQL can read it: `json_extract(owner, '$.pid')`. */
export const processKind: OwnerKind = {
  isAlive(id) {
    const { host, pid, started } = parse(id);
    return host === hostname() ? processLife(pid, started) : "elsewhere";
  },
  describe(id) {
    const { host, pid } = parse(id);
    return `process ${pid} on ${host}`;
  },
};

/** This process as an owner. */
export function thisProcess(): Owner {
  const started = processStart(process.pid);
  if (started === null)
    throw new Lor2cError("NO_PROCESS_TABLE", "cannot read this process's start time", "is `ps` installed?");
  return { kind: "process", id: JSON.stringify({ host: hostname(), pid: process.pid, started }) };
}

/** The stored text may be anything. If it names no process, its host is unknown, and the owner counts as elsewhere. */
function parse(id: string): { host: string; pid: number; started: string } {
  let value: { host?: unknown; pid?: unknown; started?: unknown } | null = null;
  try {
    value = JSON.parse(id);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const { host, pid, started } = value ?? {};
  return {
    host: typeof host === "string" ? host : "an unknown machine",
    pid: typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0 ? pid : 0,
    started: typeof started === "string" ? started : "",
  };
}
