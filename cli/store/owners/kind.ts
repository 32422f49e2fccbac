/** Who works on an attempt. Its kind alone understands the id. */
export interface Owner {
  kind: string;
  id: string;
}

/**
 * Whether an owner still works. `unknown`: asking failed, which says nothing about the owner. `elsewhere`: it cannot be
 * asked from here, so only its lease tells.
 */
export type Life = "alive" | "dead" | "unknown" | "elsewhere";

/** What can own an attempt: a process of a machine, or a job of an engine. */
export interface OwnerKind {
  isAlive(id: string): Life;
  /** For people, in the middle of a sentence: `process 4711 on host`. */
  describe(id: string): string;
}
