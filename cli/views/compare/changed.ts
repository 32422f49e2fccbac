/** What differs between two runs: settings, contents, and where they ran. */
import { getArtifacts, getAttempt, getEnvironment, type RunRow } from "../../store/read.js";
import { type RunFacts, runFacts } from "../../store/read-facts.js";
import type { Store } from "../../store/store.js";
import { flatten, type Leaf, leafKey } from "./flatten.js";

/** In this order: what a user chose, what the files held, where it ran. */
export type ChangeOf = "setting" | "content" | "environment" | "package" | "variable";

export interface Change {
  of: ChangeOf;
  key: string;
  /** Absent where the run has no such key. */
  from?: Leaf;
  to?: Leaf;
}

export interface Changed {
  from: { run: string; label: string };
  to: { run: string; label: string };
  changes: Change[];
  /** Says what could not be compared, such as an environment that is not known yet. */
  unknown: string | null;
}

export function loadChanged(store: Store, from: RunRow, to: RunRow): Changed {
  const facts = runFacts(store, [from.id, to.id]);
  const [a, b] = [facts.get(from.id), facts.get(to.id)];
  const places = [from, to].map(({ environment }) =>
    environment === null ? undefined : getEnvironment(store, environment),
  );
  const [here, there] = places;
  const known = here !== undefined && there !== undefined;
  return {
    from: { run: from.id, label: from.label },
    to: { run: to.id, label: to.label },
    changes: [
      ...differences("setting", flatten(a?.settings), flatten(b?.settings)),
      ...differences("content", contentOf(store, from, a), contentOf(store, to, b)),
      ...(known
        ? [
            ...differences("environment", named(placeOf(here)), named(placeOf(there))),
            ...differences("package", named(here.packages), named(there.packages)),
            ...differences("variable", named(here.variables), named(there.variables)),
          ]
        : []),
    ],
    unknown: known ? null : "where they ran: one of them has not trained yet",
  };
}

/** Hashes of what went into a run, and of what it made of that. */
function contentOf(store: Store, { attempt_id }: RunRow, facts: RunFacts | undefined): Map<string, Leaf> {
  const attempt = attempt_id === null ? undefined : getAttempt(store, attempt_id);
  const adapter =
    attempt_id === null ? undefined : getArtifacts(store, attempt_id).find(({ kind }) => kind === "adapter");
  const made = {
    initial_weights: attempt?.initial_weights,
    batch_order: attempt?.batch_order,
    adapter: adapter?.sha256,
  };
  const known = Object.entries(made).flatMap(([name, hash]): [string, Leaf][] => (hash ? [[name, hash]] : []));
  return new Map([...Object.entries(facts?.fingerprint ?? {}), ...known]);
}

type Environment = NonNullable<ReturnType<typeof getEnvironment>>;

function placeOf({ id: _, packages: __, variables: ___, computing, ...rest }: Environment): Record<string, Leaf> {
  const { device_bf16, git_dirty } = rest;
  return {
    ...rest,
    ...computing,
    device_bf16: device_bf16 === 1,
    git_dirty: git_dirty === null ? null : git_dirty === 1,
  };
}

/** The names are not paths: those of packages may have dots. */
const named = (values: Record<string, Leaf> | undefined): Map<string, Leaf> => new Map(Object.entries(values ?? {}));

function differences(of: ChangeOf, from: ReadonlyMap<string, Leaf>, to: ReadonlyMap<string, Leaf>): Change[] {
  const keys = [...new Set([...from.keys(), ...to.keys()])];
  // Keys that only one of them has stand with the others of their part.
  const parts = [...new Set(keys.map(partOf))];
  return keys
    .toSorted((a, b) => parts.indexOf(partOf(a)) - parts.indexOf(partOf(b)))
    .filter((key) => leafKey(from.get(key)) !== leafKey(to.get(key)))
    .map((key) => {
      const [own, other] = [from.get(key), to.get(key)];
      return { of, key, ...(own !== undefined && { from: own }), ...(other !== undefined && { to: other }) };
    });
}

const partOf = (key: string): string => key.split(".")[0] ?? "";
