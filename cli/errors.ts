/** What the caller did wrong or what went wrong, and the next step to take. Printed in one place: cli/main.ts. */
export class Lor2cError extends Error {
  override name = "Lor2cError";
  constructor(
    /** Stable machine-readable code, upper snake case. */
    readonly code: string,
    message: string,
    /** What the user can do about it. */
    readonly hint?: string,
    /** 1: the work failed or a check missed. 2: the request was wrong. 130: interrupted. */
    readonly exitCode: 1 | 2 | 130 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One problem of a spec file, with the place an editor can jump to. */
export interface SpecProblem {
  file: string;
  line: number;
  column: number;
  /** Dotted path of the key, `""` for the document itself. */
  path: string;
  message: string;
  hint?: string;
}

export class SpecError extends Lor2cError {
  override name = "SpecError";
  constructor(readonly problems: SpecProblem[]) {
    super(
      "SPEC_INVALID",
      problems
        .map(
          (p) =>
            `${p.file}:${p.line}:${p.column}  ${p.path ? `${p.path}: ` : ""}${p.message}${p.hint ? `\n    ${p.hint}` : ""}`,
        )
        .join("\n"),
      undefined,
      2,
    );
  }
}

/** The request cannot be carried out as written: unknown run, bad SQL, missing file. */
export class UsageError extends Lor2cError {
  override name = "UsageError";
  constructor(code: string, message: string, hint?: string) {
    super(code, message, hint, 2);
  }
}

/** The worker process could not be started or died. */
export class WorkerError extends Lor2cError {
  override name = "WorkerError";
}

/** The worker said something that is not part of the protocol. */
export class ProtocolError extends Lor2cError {
  override name = "ProtocolError";
}

/**
 * Whether an operation failed because the file or process is not there. Any other failure (no descriptor left, no
 * permission, a broken disk) says nothing about that, and must not be taken for it.
 */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR";
}
