/** How closely two trainings must agree, and why. */
export interface Basis {
  /** 0: equal to the bit. */
  tolerance: Tolerance;
  why: string;
}

/** Largest differences that count as the same: relative for values above 1, absolute below. */
export interface Tolerance {
  /** Of losses, gradient norms and learning rates. */
  losses: number;
  /** Of scores, which change by whole rows. */
  scores: number;
}

const EXACT: Tolerance = { losses: 0, scores: 0 };
/** On a GPU with other lanes at a time: a library may sum a batched product in another order. */
const OTHER_LANES: Tolerance = { losses: 1e-5, scores: 1e-5 };
/**
 * Between device classes, where sums have another order from the first step on. Measured with the tiny grid in
 * results/reference (docs/reproducing.md).
 */
const ACROSS: Tolerance = { losses: 1e-2, scores: 0.05 };

/** Where one of two trainings took place. */
export interface Place {
  /** Null: not stored. */
  deviceClass: string | null;
  device: string;
  description: string;
  /** The most lanes that went through the model together; null: not known. */
  lanes: number | null;
}

/** What a comparison of a stored training with another one rests on. `asked`: what the user says. */
export function basisOf(stored: Place, again: Place, asked?: number): Basis {
  if (asked !== undefined) return { tolerance: { losses: asked, scores: asked }, why: "--tolerance says so" };
  const named = stored.deviceClass === null || again.deviceClass === null;
  const same = named ? alikeByName(stored, again) : stored.deviceClass === again.deviceClass;
  const here = again.deviceClass ?? again.description;
  if (!same) {
    return {
      tolerance: ACROSS,
      why: `of another device class: ${stored.deviceClass ?? stored.description} and ${here}`,
    };
  }
  if (again.device !== "cpu" && stored.lanes !== again.lanes) {
    return { tolerance: OTHER_LANES, why: `of one device class (${here}), with other lanes at a time` };
  }
  return { tolerance: EXACT, why: named ? `on the same device (${here})` : `of one device class (${here})` };
}

const alikeByName = (one: Place, other: Place) =>
  (one.device === "cpu") === (other.device === "cpu") && one.description === other.description;
