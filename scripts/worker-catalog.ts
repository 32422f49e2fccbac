import { execa } from "execa";
import { workerEnvironment } from "../cli/worker/environment.js";
import { findPython, workerCommand } from "../cli/worker/python.js";

/** The catalog that the worker prints, as the text of cli/spec/catalog.json. */
export async function workerCatalog(cwd: string): Promise<string> {
  const python = await findPython();
  const [file = "", ...args] = [...workerCommand(python), "--catalog"];
  const env = workerEnvironment("generate", python.usersOwn);
  const { stdout } = await execa(file, args, { cwd, env, extendEnv: false, stripFinalNewline: false });
  return stdout;
}
