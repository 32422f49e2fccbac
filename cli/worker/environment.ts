import { delimiter } from "node:path";
import { packageFile } from "../spec/package-files.js";

/** Marks a worker and everything that it starts, so that leftovers can be told from strangers. */
export const MARKER = "LOR2C_WORKER_ID";

type Environment = Record<string, string | undefined>;

/** What the worker's process gets on top of this process's own variables. */
export function workerEnvironment(marker: string, extra: Environment = {}, outer: Environment = process.env) {
  return {
    // The bundled package is imported from where it lies; nothing of ours is installed into the interpreter.
    PYTHONPATH: [packageFile("python-worker"), outer.PYTHONPATH].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: "1",
    PYTHONUTF8: "1",
    // Sets of texts have an order of their own in each process otherwise, and peft writes some into an adapter's config:
    // two trainings of a run would save different files.
    PYTHONHASHSEED: outer.PYTHONHASHSEED ?? "0",
    // Idle OpenMP threads that spin take the cores of the worker next door.
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
