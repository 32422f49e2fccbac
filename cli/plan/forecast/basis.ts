/**
 * What a forecast is based on, best first: stored runs of the same kind, runs of the same model, runs of any other
 * model on this device, or only a rule of thumb.
 */
const BASES = ["alike", "model", "device", "rule"] as const;
export type BasisKind = (typeof BASES)[number];

export interface Basis {
  kind: BasisKind;
  /** How many stored trainings it is based on. */
  trainings: number;
}

export const RULE: Basis = { kind: "rule", trainings: 0 };

/** A likely value may be wrong by this factor. The factor for runs alike is measured (see `measured` in range.ts). */
export const SPREAD: Readonly<Record<Exclude<BasisKind, "alike">, number>> = { model: 2, device: 3, rule: 5 };

const trainings = (count: number) => `${count.toLocaleString("en-US")} stored training${count === 1 ? "" : "s"}`;

const TEXTS: Record<BasisKind, (count: number) => string> = {
  alike: (count) => `${trainings(count)} like it`,
  model: (count) => `${trainings(count)} of the same model`,
  device: (count) => `${trainings(count)} of other models`,
  rule: () => "a rule of thumb",
};

export const basisText = ({ kind, trainings: count }: Basis): string => TEXTS[kind](count);

/** The poorest of several bases, which is the basis of the whole. */
export const poorest = (bases: readonly Basis[]): Basis =>
  bases.toSorted((a, b) => BASES.indexOf(b.kind) - BASES.indexOf(a.kind) || a.trainings - b.trainings)[0] ?? RULE;
