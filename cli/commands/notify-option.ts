/** `--notify`: a command that is started when a job has ended. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UsageError } from "../errors.js";

export const NOTIFY_OPTION = {
  type: "string",
  describe:
    "When the job has ended, start this command, with a summary as JSON on its input (no shell; default: LOR2C_NOTIFY)",
} as const;

/**
 * Program and arguments of `--notify`, else of LOR2C_NOTIFY; null: none. A text that names a file is that program; else
 * it is split at blanks, and `\ ` is a blank within a word. Throws UsageError if there is no such program, since nobody
 * would see that hours later.
 */
export async function notifyCommand(option: string | undefined): Promise<string[] | null> {
  const text = option ?? process.env.LOR2C_NOTIFY ?? "";
  if (text.trim() === "") {
    if (option === undefined) return null;
    throw new UsageError("USAGE", "--notify: give a command, e.g. --notify ./tell-me");
  }
  const { parseCommandString } = await import("execa");
  const command = isProgram(text) ? [text] : parseCommandString(text);
  const [program = ""] = command;
  if (programs(program).some(isProgram)) return command;
  throw new UsageError(
    "NOTIFY_NOT_FOUND",
    `${option === undefined ? "LOR2C_NOTIFY" : "--notify"}: there is no program ${program}`,
    "name one that may be executed; it is started without a shell",
  );
}

/** Where the system would look for a program. */
function programs(name: string): string[] {
  if (name.includes("/")) return [name];
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
