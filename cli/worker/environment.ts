import { type Environment, pythonEnvironment } from "../../scripts/env/python-environment.mjs";
import { packageFile } from "../spec/package-files.js";

/** Marks a worker and everything that it starts, so that its leftover processes can be recognised. */
export const MARKER = "LOR2C_WORKER_ID";

/**
 * How many compiled operations oneDNN keeps; DNNL_ is the older name. Its own number, 1,024, costs some 3 MB each in
 * mixed precision, and few of them are used again: the shapes of a step follow from the lengths of its rows. Layers
 * have equal shapes, so that a step needs some tens.
 */
const PRIMITIVES = "128";

/**
 * All variables of a worker's process: those of the user that are passed on, and the worker's own. `usersOwn`: the
 * interpreter is the one that LOR2C_PYTHON names.
 */
export function workerEnvironment(marker: string, usersOwn: boolean, outer: Environment = process.env): Environment {
  return {
    // The bundled package is imported from its folder, so that nothing is installed into the interpreter.
    ...pythonEnvironment({ usersOwn, first: [packageFile("python-worker")] }, outer),
    PYTHONUNBUFFERED: "1",
    // Without this each process orders sets of strings differently. peft writes some into an adapter's config, so
    // two trainings of a run would save different files.
    PYTHONHASHSEED: "0",
    // Idle OpenMP threads that spin would take CPU time from other workers.
    OMP_WAIT_POLICY: outer.OMP_WAIT_POLICY ?? "PASSIVE",
    ...(outer.DNNL_PRIMITIVE_CACHE_CAPACITY === undefined && {
      ONEDNN_PRIMITIVE_CACHE_CAPACITY: outer.ONEDNN_PRIMITIVE_CACHE_CAPACITY ?? PRIMITIVES,
    }),
    TOKENIZERS_PARALLELISM: outer.TOKENIZERS_PARALLELISM ?? "true",
    HF_HUB_DISABLE_TELEMETRY: "1",
    [MARKER]: marker,
  };
}
