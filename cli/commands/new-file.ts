/** Files that a user asks for by name. None is replaced without being asked to. */
const HINT = "name another file";

/** `hint`: what to do when the file exists. */
export async function writeNew(file: string, content: string, replace = false, hint = HINT): Promise<void> {
  const [{ writeFileSync }, { dirname, resolve }, { needFolder }] = await Promise.all([
    import("node:fs"),
    import("node:path"),
    import("../store/folder.js"),
  ]);
  needFolder(resolve(dirname(file)), "make it first, or name another file");
  try {
    // `wx` checks and writes in one step, so no other process can make the file in between.
    writeFileSync(file, content, { flag: replace ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw await exists(file, hint);
  }
}

/** Throws what `writeNew` would throw for a file that exists, before any work is done. */
export async function refuseExisting(file: string, hint = HINT): Promise<void> {
  const { statOf } = await import("../files.js");
  if (statOf(file)) throw await exists(file, hint);
}

async function exists(file: string, hint: string): Promise<Error> {
  const { UsageError } = await import("../errors.js");
  return new UsageError("FILE_EXISTS", `${file} already exists`, hint);
}
