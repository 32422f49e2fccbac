/** Compares a run with what a reference has of it. */
import type { Basis } from "./basis.js";
import { differences, type Measured } from "./compare-runs.js";
import type { ReferenceRun } from "./reference.js";

/** Where the two part, in words for people. */
export interface Parting {
  /** Optimizer steps before it; 0: before the first. */
  step: number;
  what: string;
  stored: string;
  again: string;
}

export interface Compared {
  compared: number;
  /** By step. */
  partings: Parting[];
  notes: string[];
}

/** `basis` says how closely numbers must agree; the order of rows and the changes of structure must be equal anyway. */
export function compareRecorded(stored: ReferenceRun, again: ReferenceRun, basis: Basis): Compared {
  const exact = basis.tolerance.losses === 0;
  const parts = [
    hashes(stored, again, exact),
    values(stored, again, basis),
    changes(stored, again),
    adapters(stored, again, exact),
  ];
  return {
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    partings: parts.flatMap(({ partings }) => partings).sort((a, b) => a.step - b.step),
    notes: parts.flatMap(({ notes = [] }) => notes),
  };
}

type Part = Omit<Compared, "notes"> & { notes?: string[] };

/** Initial weights are rounded as the device rounds; which rows are read in which step is the same everywhere. */
function hashes(stored: ReferenceRun, again: ReferenceRun, exact: boolean): Part {
  const names = [...(exact ? ["initial_weights"] : []), "batch_order"];
  const both = names.filter((name) => stored.hashes[name] !== undefined || again.hashes[name] !== undefined);
  const partings = both
    .filter((name) => stored.hashes[name] !== again.hashes[name])
    .map((name) => hashParting(name, 0, stored, again));
  return { compared: both.length, partings };
}

const WORDS: Record<string, string> = {
  initial_weights: "initial weights",
  batch_order: "order of the rows",
  adapter: "adapter's weights",
};

const hashParting = (name: string, step: number, stored: ReferenceRun, again: ReferenceRun): Parting => ({
  step,
  what: `hash of the ${WORDS[name]}`,
  stored: short(stored.hashes[name]),
  again: short(again.hashes[name]),
});

const short = (hash: string | undefined): string => hash?.slice(0, 16) ?? "absent";

function values(stored: ReferenceRun, again: ReferenceRun, { tolerance }: Basis): Part {
  const notes: string[] = [];
  const comparable = stored.final_loss?.over === again.final_loss?.over;
  if (!comparable)
    notes.push("the last loss of training is a mean over other steps (train.logging_steps): not compared");
  const found = differences(measured(stored, comparable), measured(again, comparable), tolerance);
  const partings = found.differences.map(({ step, split, name, stored: was, again: is }) => ({
    step,
    what: `${split} ${name} after step ${step}`,
    stored: numberText(was),
    again: numberText(is),
  }));
  return { compared: found.compared, partings, notes };
}

function measured({ evaluations, final_loss }: ReferenceRun, withLoss: boolean): Measured[] {
  const evaluated = evaluations.flatMap(({ step, split, values: own }) =>
    Object.entries(own).map(([name, value]) => ({ step, split, name, value })),
  );
  if (!final_loss || !withLoss) return evaluated;
  return [...evaluated, { step: final_loss.step, split: "train", name: "loss", value: final_loss.value }];
}

/** Shows all digits, because the difference may be in the last one. */
function numberText(number: number | null | undefined): string {
  if (number === undefined) return "absent";
  return number === null ? "not a finite number" : String(number);
}

/** Up to the first one that differs: after it the two are different trainings. */
function changes(stored: ReferenceRun, again: ReferenceRun): Part {
  const count = Math.max(stored.changes.length, again.changes.length);
  for (let index = 0; index < count; index++) {
    const [was, is] = [stored.changes[index], again.changes[index]];
    if (JSON.stringify(changeText(was)) === JSON.stringify(changeText(is))) continue;
    const step = Math.min(was?.step ?? Number.POSITIVE_INFINITY, is?.step ?? Number.POSITIVE_INFINITY);
    const parting = {
      step,
      what: `change ${index + 1} of the structure`,
      stored: changeText(was),
      again: changeText(is),
    };
    return { compared: index + 1, partings: [parting] };
  }
  return { compared: count, partings: [] };
}

const changeText = (change: ReferenceRun["changes"][number] | undefined): string =>
  change ? `${change.kind} of ${change.layers} after step ${change.step}` : "absent";

/** Across devices every weight differs in its last digits. */
function adapters(stored: ReferenceRun, again: ReferenceRun, exact: boolean): Part {
  const [was, is] = [stored.hashes.adapter, again.hashes.adapter];
  if (!exact || was === undefined || is === undefined) return { compared: 0, partings: [] };
  const step = again.evaluations.at(-1)?.step ?? 0;
  return { compared: 1, partings: was === is ? [] : [hashParting("adapter", step, stored, again)] };
}
