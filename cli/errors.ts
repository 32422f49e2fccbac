/** An error for the user, with the next step to take. Only cli/main.ts prints it. */
export class Lor2cError extends Error {
  override name = "Lor2cError";
  constructor(
    /** Stable machine-readable code, upper snake case. */
    readonly code: string,
    message: string,
    /** What the user can do about it. */
    readonly hint?: string,
    /** 1: the work or a check failed. 2: the request was wrong. 130: interrupted. */
    readonly exitCode: 1 | 2 | 130 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One problem of a spec file, with a place that editors can jump to. */
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

/** The worker process could not be started, or it died. */
export class WorkerError extends Lor2cError {
  override name = "WorkerError";
}

/** The worker broke the protocol. */
export class ProtocolError extends Lor2cError {
  override name = "ProtocolError";
}

/**
 * Whether an operation failed because the file or process does not exist. Any other failure (no free descriptor, no
 * permission, a broken disk) does not mean that, and must not be treated as if it did.
 */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR";
}

/** What an error of any kind says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
