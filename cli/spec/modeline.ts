import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { nameFrom } from "./characters.js";
import { packageRoot, schemaFile } from "./package-files.js";

/**
 * The comment that tells editors where the schema of a spec is. The path is relative inside the checkout or next to
 * node_modules, so that the project can be moved, and absolute if the package is installed elsewhere.
 */
export function modeline(specFile: string, root = packageRoot(), schema = schemaFile()): string {
  const folder = dirname(resolve(specFile));
  const path = relative(folder, schema);
  const insidePackage = !relative(root, folder).startsWith("..") && !isAbsolute(relative(root, folder));
  const reachable = !isAbsolute(path) && (insidePackage || !path.startsWith(".."));
  const shown = reachable ? `./${path.split(sep).join("/")}`.replace(/^\.\/\.\.\//, "../") : schema;
  return `# yaml-language-server: $schema=${shown}`;
}

export const starterFile = (): string => join(packageRoot(), "configs", "quickstart.yaml");

/** A commented spec to start from: the shipped quickstart with the new file's name and modeline. */
export function starterText(quickstart: string, specFile: string, name: string): string {
  const lines = quickstart.split("\n");
  return lines
    .map((line, i) => {
      if (i === 0) return modeline(specFile);
      if (line.startsWith("name:")) return `name: ${JSON.stringify(nameFrom(name))}`;
      return line.replaceAll("configs/quickstart.yaml", specFile);
    })
    .join("\n");
}
