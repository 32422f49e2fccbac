import { existsSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { isNewEnough, OLDEST, probe } from "../../scripts/env/python.mjs";
import { withheld } from "../../scripts/env/python-environment.mjs";
import { inspectEnv, listPackages } from "../../scripts/env/worker-env.mjs";
import { Lor2cError, messageOf } from "../errors.js";
import { discard } from "../files.js";
import { packageFile } from "../spec/package-files.js";
import { makeTemporaryFolder } from "../temporary.js";
import { findPython, type Python, setupCommand } from "../worker/python.js";
import { waitsFor } from "../worker/wait.js";
import { startWorker } from "../worker/worker-process.js";
import { fail, ok, type Row, warn } from "./row.js";

/**
 * The interpreter that a run would use, its packages, and whether the worker starts. Each row depends on the one
 * before.
 */
export async function pythonRows(environment: NodeJS.ProcessEnv = process.env): Promise<Row[]> {
  let python: Python;
  try {
    python = await findPython(environment);
  } catch (error) {
    return [fail("python", messageOf(error), (error instanceof Lor2cError && error.hint) || setupCommand())];
  }
  const where = `${python.command.join(" ")} (${python.source})`;
  const repair =
    python.source === "LOR2C_PYTHON"
      ? "Point LOR2C_PYTHON at another interpreter, or unset it."
      : `\`${setupCommand()}\``;
  const answer = await probe(python.command, python.usersOwn);
  if ("problem" in answer) return [fail("python", `${where} ${answer.problem}`, repair)];
  const version = `${answer.version}, ${where}`;
  if (!isNewEnough(answer.version)) return [fail("python", `${version} is older than ${OLDEST.join(".")}`, repair)];
  const packages = await packagesRow(python);
  const rows = [ok("python", version), packages];
  return packages.state === "fail" ? rows : [...rows, ...(await workerRows(python))];
}

async function packagesRow(python: Python): Promise<Row> {
  const project = packageFile("python-worker");
  try {
    const { packages, missing, unsuitable, different } = await inspectEnv(python.command, {
      project,
      dev: false,
      usersOwn: python.usersOwn,
    });
    const broken = [...missing, ...unsuitable];
    if (broken.length > 0) {
      const lock = join(project, "requirements.lock");
      const install =
        python.source === "LOR2C_PYTHON" ? `${python.command.join(" ")} -m pip install -r ${lock}` : setupCommand();
      return fail("packages", listPackages(broken), `\`${install}\``);
    }
    if (different.length === 0) return ok("packages", `${packages} as locked`);
    const copies = different.some(({ found }) => found?.startsWith("another copy"));
    const why = copies && process.env.PYTHONPATH ? " PYTHONPATH puts another copy first." : "";
    const advice = `Runs work; numbers may differ from those of the locked versions.${why}`;
    return warn("packages", listPackages(different), advice);
  } catch (error) {
    return fail("packages", messageOf(error), `\`${setupCommand()}\``);
  }
}

/** Starts the real worker, because only that proves that torch can be imported and the device works. */
async function workerRows(python: Python): Promise<Row[]> {
  const folder = temporaryFolder();
  try {
    const logFile = folder ? join(folder, "worker.log") : devNull;
    waitsFor({ kind: "start" });
    const worker = await startWorker({ python, logFile, onEvent: () => {} }).finally(() => waitsFor(null));
    const { packages, device, variables } = worker.ready;
    await worker.stop();
    const torch = packages.torch ?? "unknown";
    return [ok("torch", torch), deviceRow(device, torch), variablesRow(variables, withheld(python.usersOwn))];
  } catch (error) {
    return [fail("worker", messageOf(error), `\`${setupCommand()}\``)];
  } finally {
    if (folder) discard(folder);
  }
}

/** Undefined if there can be none: a row of its own says why. */
function temporaryFolder(): string | undefined {
  try {
    return makeTemporaryFolder("lor2c-doctor-");
  } catch {
    return undefined;
  }
}

/** What of the user's variables can change a run's numbers or files, and which of Python's own a worker does not get. */
function variablesRow(variables: Record<string, string>, held: string[]): Row {
  const found = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const not = held.length > 0 ? [`not passed on to the worker: ${held.join(", ")}`] : [];
  return ok("variables", [...found, ...not].join("; ") || "none that matters to a run");
}

function deviceRow(device: { name: string; description: string; memory: number; bf16: boolean }, torch: string): Row {
  const gigabytes = (device.memory / 2 ** 30).toFixed(1);
  const value = `${device.name}: ${device.description}, ${gigabytes} GiB, ${device.bf16 ? "bf16" : "no bf16"}`;
  const driver = ["/proc/driver/nvidia/version", "/dev/nvidiactl"].some((path) => existsSync(path));
  if (device.name !== "cpu" || !driver) return ok("device", value);
  return warn(
    "device",
    `${value}; there is an NVIDIA driver, but torch ${torch} does not use it`,
    "Install a CUDA build of torch into that environment, or check CUDA_VISIBLE_DEVICES and the driver's version.",
  );
}
