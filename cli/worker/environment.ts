import { delimiter } from "node:path";
import { packageFile } from "../spec/package-files.js";

/** Marks a worker and everything that it starts, so that its leftover processes can be recognised. */
export const MARKER = "LOR2C_WORKER_ID";

type Environment = Record<string, string | undefined>;

/** The variables of the worker's process: this process's own and some more. */
export function workerEnvironment(marker: string, extra: Environment = {}, outer: Environment = process.env) {
  return {
    // The bundled package is imported from its folder, so that nothing is installed into the interpreter.
    PYTHONPATH: [packageFile("python-worker"), outer.PYTHONPATH].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: "1",
    PYTHONUTF8: "1",
    // Without this each process orders sets of strings differently. peft writes some into an adapter's config, so
    // two trainings of a run would save different files.
    PYTHONHASHSEED: outer.PYTHONHASHSEED ?? "0",
    // Idle OpenMP threads that spin would take CPU time from other workers.
    OMP_WAIT_POLICY: outer.OMP_WAIT_POLICY ?? "PASSIVE",
    TOKENIZERS_PARALLELISM: outer.TOKENIZERS_PARALLELISM ?? "false",
    HF_HUB_DISABLE_TELEMETRY: "1",
    ...extra,
    [MARKER]: marker,
  };
}

const RELEVANT = /^(OMP|MKL|OPENBLAS|CUDA|NVIDIA|TORCH|PYTORCH|PYTHON|HF|TRANSFORMERS|TOKENIZERS|CUBLAS|LOR2C)_?/;
const SECRET = /TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|AUTH|PRIVATE|COOKIE|SESSION|(^|_)KEY|APIKEY|PAT$|_URL$|DSN/i;

/** The variables that can change a number, for the run's log; never one whose name looks secret. */
export function loggableEnvironment(environment: Environment = process.env): Environment {
  const names = Object.keys(environment).filter((name) => RELEVANT.test(name) && !SECRET.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, environment[name]]));
}
