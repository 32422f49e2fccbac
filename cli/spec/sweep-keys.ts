import { schemaAt } from "./allowed.js";
import type { Catalog } from "./catalog.js";
import { listKeys, specJsonSchemaRaw } from "./keys.js";
import { CellSchema } from "./schema.js";
import { nearest, suggestion } from "./suggest.js";

/** Why a dotted key cannot differ between the runs of a spec; undefined if it can. */
export function keyProblem(
  path: string[],
  catalog: Catalog,
): { message: string; hint?: string | undefined } | undefined {
  const root = path[0] ?? "";
  // Parameters of a method depend on the method of each cell; they are checked there.
  if (root === "method" && path.length > 1 && !path.includes("")) return undefined;
  const known = root in CellSchema.shape && schemaAt(specJsonSchemaRaw(), path);
  if (known) return undefined;
  const keys = [...new Set(listKeys(catalog).map((entry) => entry.key))];
  if (keys.includes(path.join("."))) return { message: "cannot differ between the runs of a spec" };
  const sweepable = keys.filter((key) => (key.split(".", 1)[0] ?? "") in CellSchema.shape);
  const elsewhere = sweepable.find((key) => key.split(".").at(-1) === path.at(-1));
  if (elsewhere) return { message: "unknown key", hint: `did you mean \`${elsewhere}\`?` };
  const near = nearest(path.join("."), sweepable);
  const beside = sweepable.filter((key) => key.startsWith(`${root}.`));
  const hint =
    near === undefined
      ? suggestion(root, beside.length > 0 ? beside : Object.keys(CellSchema.shape))
      : `did you mean \`${near}\`?`;
  return { message: "unknown key", hint };
}
