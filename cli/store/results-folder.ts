/**
 * Where the files of a database's runs may be: in `runs/` beside the database, and nowhere else. A database may come
 * from somebody else, so its contents are not trusted: ids become names of folders that are deleted, and stored paths
 * are read, printed and loaded. `runs/` itself may be a link, e.g. to a larger disk.
 */
import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isMissing, UsageError } from "../errors.js";

const RUNS = "runs";
const RUN_ID = /^[0-9a-f]{16}$/;

export class ResultsFolder {
  constructor(
    /** The folder of the database. */
    readonly path: string,
  ) {}

  /** The folder of one run. Throws for an id that lor2c never makes. */
  ofRun(id: string): string {
    if (RUN_ID.test(id)) return join(this.path, RUNS, id);
    throw new UsageError(
      "RUN_ID_INVALID",
      `the database in ${this.path} has a run ${JSON.stringify(id)}, which is not an id of a run`,
      "lor2c did not write that; ask whoever gave you the database",
    );
  }

  /**
   * The folder of an evaluation: in that of the run whose adapter it is of, or, for an untuned model, one of its own.
   */
  ofEvaluation(key: string, run: string | null): string {
    if (!RUN_ID.test(key)) throw new Error(`${key} is not a key of an evaluation`);
    return run === null ? join(this.path, RUNS, "models", key) : join(this.ofRun(run), "evaluations", key);
  }

  /** `path` as it is stored: relative to the database, so that both can be moved together. */
  toStored(path: string): string {
    const inside = this.#inRuns(path);
    return [RUNS, ...inside.split(sep)].join("/");
  }

  /** Absolute path of a stored one. */
  fromStored(path: string): string {
    return this.contain(isAbsolute(path) ? path : resolve(this.path, path));
  }

  /** Returns `path`. Throws if it is not below `runs/`, links followed. */
  contain(path: string): string {
    this.#inRuns(path);
    return path;
  }

  /** `path` as seen from `runs/`. The system takes no path with a NUL. */
  #inRuns(path: string): string {
    if (path.includes("\0")) throw outside(this.path, path);
    const inside = relative(realpathOf(join(this.path, RUNS)), realpathOf(path));
    if (leaves(inside)) throw outside(this.path, path);
    return inside;
  }
}

function leaves(inside: string): boolean {
  return inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
}

function outside(folder: string, path: string): UsageError {
  return new UsageError(
    "PATH_OUTSIDE",
    `the database in ${folder} names ${path}, which is not in ${join(folder, RUNS)}`,
    "files of runs are only read and deleted there: move them back if they are yours",
  );
}

/** Follows all links. Parts that do not exist yet keep their names. */
function realpathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isMissing(error) || parent === path) throw error;
    const target = linkOf(path);
    return target === null ? join(realpathOf(parent), basename(path)) : realpathOf(resolve(realpathOf(parent), target));
  }
}

/** The target of a dangling link; null if `path` is not a link. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
