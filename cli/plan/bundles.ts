import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { type Catalog, type Method, shippedCatalog } from "../spec/catalog.js";
import type { PlannedCell } from "./cell.js";
import { identity } from "./cell-id.js";

type Bundled = Pick<PlannedCell, "settings" | "inspected">;

/**
 * Groups cells that share everything except parameters that the catalog marks as `schedule`, so that one backbone, one
 * data order and one set of masks serve them all. Bundles and their cells keep the order of the plan.
 */
export function groupBundles<T extends Bundled>(cells: readonly T[], catalog: Catalog = shippedCatalog()): T[][] {
  const bundles = new Map<string, T[]>();
  for (const cell of cells) {
    const key = bundleKey(cell, catalog);
    const bundle = bundles.get(key);
    if (bundle) bundle.push(cell);
    else bundles.set(key, [cell]);
  }
  return [...bundles.values()];
}

/** Caches keys: a plan's cells do not change, and cutting shares needs the key of each several times. */
const known = new WeakMap<Bundled, { catalog: Catalog; key: string }>();

/** Equal for cells that may share a checkpoint, whatever their spec. */
export function bundleKey(cell: Bundled, catalog: Catalog = shippedCatalog()): string {
  const before = known.get(cell);
  if (before?.catalog === catalog) return before.key;
  const method = catalog.methods.find(({ name }) => name === cell.settings.method.name);
  const key = createHash("sha256").update(sharedContent(cell, method)).digest("hex").slice(0, 16);
  known.set(cell, { catalog, key });
  return key;
}

function sharedContent({ settings, inspected }: Bundled, method: Method | undefined): string {
  const { name, ...parameters } = settings.method;
  for (const parameter of method?.parameters ?? []) {
    if (parameter.schedule) delete parameters[parameter.name];
  }
  const shared = { ...identity(settings), method: { ...parameters, family: method?.family ?? name } };
  return canonicalize({ shared, fingerprint: inspected.fingerprint }) ?? "";
}
