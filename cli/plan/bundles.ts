import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { type Catalog, type Method, shippedCatalog } from "../spec/catalog.js";
import type { PlannedCell } from "./cell.js";
import { identity } from "./cell-id.js";

/**
 * Cells that share everything but parameters which the catalog marks as `schedule`: one backbone, one data order, one
 * set of masks serves them all. Bundles and the cells in them keep the order of the plan.
 */
export function groupBundles<T extends Pick<PlannedCell, "settings" | "inspected">>(
  cells: readonly T[],
  catalog: Catalog = shippedCatalog(),
): T[][] {
  const methods = new Map(catalog.methods.map((method) => [method.name, method]));
  const bundles = new Map<string, T[]>();
  for (const cell of cells) {
    const key = sharedContent(cell, methods.get(cell.settings.method.name));
    const bundle = bundles.get(key);
    if (bundle) bundle.push(cell);
    else bundles.set(key, [cell]);
  }
  return [...bundles.values()];
}

/** Equal for cells that may share a checkpoint, in whatever spec they stand. */
export function bundleKey(
  cell: Pick<PlannedCell, "settings" | "inspected">,
  catalog: Catalog = shippedCatalog(),
): string {
  const method = catalog.methods.find(({ name }) => name === cell.settings.method.name);
  return createHash("sha256").update(sharedContent(cell, method)).digest("hex").slice(0, 16);
}

function sharedContent(
  { settings, inspected }: Pick<PlannedCell, "settings" | "inspected">,
  method: Method | undefined,
) {
  const { name, ...parameters } = settings.method;
  for (const parameter of method?.parameters ?? []) {
    if (parameter.schedule) delete parameters[parameter.name];
  }
  const shared = { ...identity(settings), method: { ...parameters, family: method?.family ?? name } };
  return canonicalize({ shared, fingerprint: inspected.fingerprint }) ?? "";
}
