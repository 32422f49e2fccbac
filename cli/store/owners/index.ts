import type { Life, Owner, OwnerKind } from "./kind.js";
import { processKind } from "./process.js";

/** Every kind of owner, by the name in `attempts.owner_kind`. A new one is a file and a line here. */
const OWNER_KINDS: Record<string, OwnerKind> = {
  process: processKind,
};

/** For a kind that this program does not know, as for an owner on another machine, only the lease tells. */
export function lifeOf({ kind, id }: Owner): Life {
  return kindOf(kind)?.isAlive(id) ?? "elsewhere";
}

export function describeOwner({ kind, id }: Owner): string {
  return kindOf(kind)?.describe(id) ?? `${kind} ${id}`;
}

function kindOf(name: string): OwnerKind | undefined {
  return Object.hasOwn(OWNER_KINDS, name) ? OWNER_KINDS[name] : undefined;
}
