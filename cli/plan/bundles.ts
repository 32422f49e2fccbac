import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { type Catalog, type Method, shippedCatalog } from "../spec/catalog.js";
import type { Mapping } from "../spec/merge.js";
import type { PlannedCell } from "./cell.js";
import { identity } from "./cell-id.js";
import { withoutOutside } from "./id-rules.js";

type Bundled = Pick<PlannedCell, "settings" | "inspected">;
type Bundling = PlannedCell["settings"]["train"]["bundle"];

/** Settings in which lanes of one bundle may differ besides their seed, as `TRAIN_NUMBERS` in the worker's run/tree.py. */
const TRAIN_NUMBERS = ["learning_rate", "head_learning_rate", "weight_decay"].map((name) => ["train", name]);
/**
 * Whether `auto` puts runs with other seeds into one bundle. They share neither rows nor masks, so that nothing but a
 * worker's start is saved: on MiniLM and a CPU a lane beside two others cost 1.01 of one alone, and 0.89 to 0.93 where
 * they differed in learning rate, alpha or dropout (scripts/bench/sweeps.py).
 */
const SEEDS_TOGETHER = false;

/**
 * Groups cells that one worker trains together, as far as `train.bundle` allows: cells that differ only in their
 * schedule, or also in numbers. Bundles and their cells keep the order of the plan.
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

interface Keys {
  bundle: string;
  checkpoint: string;
}

/** Caches keys: a plan's cells do not change, and cutting shares needs the keys of each several times. */
const known = new WeakMap<Bundled, { catalog: Catalog; keys: Keys }>();

const bundleKey = (cell: Bundled, catalog: Catalog): string => keysOf(cell, catalog).bundle;

/**
 * Equal for cells that may share a checkpoint, whatever their spec: all that could be in one bundle, so that a run finds
 * its checkpoint although `train.bundle` has changed.
 */
export const checkpointKey = (cell: Bundled, catalog: Catalog = shippedCatalog()): string =>
  keysOf(cell, catalog).checkpoint;

function keysOf(cell: Bundled, catalog: Catalog): Keys {
  const before = known.get(cell);
  if (before?.catalog === catalog) return before.keys;
  const method = catalog.methods.find(({ name }) => name === cell.settings.method.name);
  const { bundle } = cell.settings.train;
  const keys = {
    bundle: `${bundle} ${hash(sharedContent(cell, method, method?.lanes ? bundle : "schedules"))}`,
    checkpoint: hash(sharedContent(cell, method, method?.lanes ? "numbers" : "schedules")),
  };
  known.set(cell, { catalog, keys });
  return keys;
}

const hash = (content: string): string => createHash("sha256").update(content).digest("hex").slice(0, 16);

/** What cells have in common that train together if they may differ in this. */
function sharedContent({ settings, inspected }: Bundled, method: Method | undefined, differ: Bundling): string {
  const { name, ...parameters } = settings.method;
  const numbers = differ !== "schedules";
  for (const parameter of method?.parameters ?? []) {
    if (parameter.schedule || (numbers && parameter.number)) delete parameters[parameter.name];
  }
  const seed = !(differ === "numbers" || (differ === "auto" && SEEDS_TOGETHER));
  const shared = {
    ...withoutOutside(identity(settings) as Mapping, {
      outside: [...(numbers ? TRAIN_NUMBERS : []), ...(seed ? [] : [["seed"]])],
      ofSteps: [],
      later: [],
    }),
    method: { ...parameters, family: method?.family ?? name },
  };
  return canonicalize({ shared, fingerprint: inspected.fingerprint }) ?? "";
}
