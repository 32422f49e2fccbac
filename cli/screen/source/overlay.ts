/** What a job of this process knows, over what is stored. Pure. */
import type { LaneFacts } from "../../job/lane.js";
import type { RunStatus } from "../../job/model.js";
import type { PlanCell } from "../../job/reporter.js";
import type { ScreenRun } from "../data.js";

/** A run, and the attempt that its stored values are of. */
export interface Below {
  run: ScreenRun;
  attempt: number | null;
}

/** Nothing but what is known before a run starts. */
function blank({ id, label, totalSteps, trainableParameters }: PlanCell, stored?: ScreenRun): ScreenRun {
  return {
    ...{ id, label, totalSteps, trainableParameters, state: "planned", lane: null, phase: null, step: 0, epoch: null },
    ...{ epochs: stored?.epochs ?? 0, scoreName: null, score: null, bestEpoch: null, majorityScore: null },
    ...{ collapsed: false, loss: null, losses: [], tokensPerSecond: null, seconds: null, secondsLeft: null },
    ...{ reason: null, merges: 0, injections: 0, tags: stored?.tags ?? [], settings: stored?.settings ?? {} },
  };
}

/** The moment at which a run is shown. */
export interface Moment {
  now: number;
  /** Seconds until its worker is done with its lane; null if not known. */
  secondsLeft: number | null;
}

/** `below`: what is stored, which may lag behind by seconds; absent if it cannot be read. */
export function overlaid(cell: PlanCell, status: RunStatus, below: Below | undefined, moment: Moment): ScreenRun {
  const { now, secondsLeft } = moment;
  const { state, lane, attempt } = status;
  const stored = below?.run;
  const reason = status.reason ?? null;
  if (state === "elsewhere" && stored) return stored.state === "running" ? altered(stored, { state }) : stored;
  if (state === "finished" && !lane && stored?.state === state) return stored;
  const own = stored !== undefined && attempt !== undefined && below?.attempt === attempt;
  if (own && stored.state === state && state !== "running") return stored;
  const base = own ? stored : blank(cell, stored);
  if (!lane) return altered(base, { state, reason });
  const facts = factsOf(lane.facts, base);
  const seconds = secondsOf(status, now);
  if (state === "running") {
    return altered(base, {
      ...facts,
      state,
      seconds,
      secondsLeft,
      lane: lane.number,
      phase: lane.facts.phase,
      reason: null,
    });
  }
  return altered(base, { ...facts, state, seconds, lane: null, phase: null, secondsLeft: null, reason });
}

function factsOf(facts: LaneFacts, base: ScreenRun): Partial<ScreenRun> {
  const totalSteps = facts.totalSteps || base.totalSteps;
  const epochs = facts.epochs ?? base.epochs;
  const step = Math.max(facts.step, facts.resumedStep);
  return {
    ...{ step, totalSteps, epochs, epoch: totalSteps > 0 ? (epochs * step) / totalSteps : null },
    scoreName: facts.scoreName ?? base.scoreName,
    score: facts.score ?? base.score,
    majorityScore: facts.majorityScore ?? base.majorityScore,
    loss: facts.loss,
    losses: facts.losses.values,
    tokensPerSecond: facts.tokensPerSecond,
  };
}

function secondsOf({ startedAt, endedAt }: RunStatus, now: number): number | null {
  if (startedAt === null) return null;
  return endedAt === null ? Math.max(0, Math.floor((now - startedAt) / 1000)) : (endedAt - startedAt) / 1000;
}

/** A copy that does not look at the losses, which would read them. */
function altered(run: ScreenRun, changes: Partial<ScreenRun>): ScreenRun {
  const copy: Partial<Record<keyof ScreenRun, unknown>> = {};
  for (const key of Object.keys(run) as (keyof ScreenRun)[]) if (key !== "losses") copy[key] = run[key];
  Object.assign(copy, changes);
  if (!("losses" in changes)) Object.defineProperty(copy, "losses", { get: () => run.losses, enumerable: true });
  return copy as ScreenRun;
}
