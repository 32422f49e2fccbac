import { execa } from "execa";
import { workerEnvironment } from "../cli/worker/environment.js";
import { findPython, workerCommand } from "../cli/worker/python.js";

/** The catalog that the worker prints, as the text of cli/spec/catalog.json. */
export async function workerCatalog(cwd: string): Promise<string> {
  const [file = "", ...args] = [...workerCommand(await findPython()), "--catalog"];
  const { stdout } = await execa(file, args, { cwd, env: workerEnvironment("generate"), stripFinalNewline: false });
  return stdout;
}
