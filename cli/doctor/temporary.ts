import { tmpdir } from "node:os";
import { Lor2cError, messageOf } from "../errors.js";
import { requireTemporaryFolder } from "../temporary.js";
import { fail, ok, type Row } from "./row.js";

/** Where the worker's questions and downloads keep files for a moment. */
export function temporaryRow(): Row {
  try {
    requireTemporaryFolder();
    return ok("temporary files", tmpdir());
  } catch (error) {
    const hint = error instanceof Lor2cError ? error.hint : undefined;
    return fail(
      "temporary files",
      messageOf(error),
      hint ?? "Free some space there, or name another folder with TMPDIR.",
    );
  }
}
