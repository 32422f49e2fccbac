/** Who works on an attempt. Only its kind understands the id. */
export interface Owner {
  kind: string;
  id: string;
}

/**
 * Whether an owner still works. `unknown`: the check failed, which says nothing about the owner. `elsewhere`: the owner
 * cannot be checked from this machine, so only its lease tells.
 */
export type Life = "alive" | "dead" | "unknown" | "elsewhere";

/** What can own an attempt: a process of a machine, or a job of an engine. */
export interface OwnerKind {
  isAlive(id: string): Life;
  /** For people, in the middle of a sentence: `process 4711 on host`. */
  describe(id: string): string;
}
