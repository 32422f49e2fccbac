import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let root: string | undefined;

/** The folder of lor2c's package.json: the checkout or the installed package. Works from the sources and from dist. */
export function packageRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    if (folder === dirname(folder)) throw new Error("package.json of lor2c not found above its own code");
    folder = dirname(folder);
  }
  root = folder;
  return root;
}

export const packageFile = (...parts: string[]): string => join(packageRoot(), ...parts);

/** The JSON Schema that editors complete specs from; generated. */
export const schemaFile = (): string => packageFile("configs", "spec.schema.json");
