import type { WorkerEvent } from "../protocol/messages.js";
import { type Losses, NO_LOSSES, withDivergence, withLoss } from "./losses.js";

/** Runs that a worker tells of at once; while they train, those that train as one. Its runs never change. */
export interface Lane {
  /** Counts from 1 within a job. */
  readonly number: number;
  readonly runs: readonly string[];
  /** Of the run; of several, what they have in common and how many they are. */
  readonly label: string;
  /** What has been heard of it. A lane that another one parted into begins with what was heard of that. */
  facts: LaneFacts;
}

export interface LaneFacts {
  phase: "load" | "train" | "evaluate" | "save";
  step: number;
  totalSteps: number;
  /** Step of the checkpoint that it goes on from. */
  resumedStep: number;
  losses: Losses;
  scoreName: string | null;
  /** Newest on the evaluation rows; of a finished run its best. */
  score: number | null;
  majorityScore: number | null;
  tokensPerSecond: number | null;
  /** Until its worker is done with it, by the job's clock. */
  secondsLeft: number | null;
}

export const NO_FACTS: LaneFacts = {
  phase: "load",
  step: 0,
  totalSteps: 0,
  resumedStep: 0,
  losses: NO_LOSSES,
  scoreName: null,
  score: null,
  majorityScore: null,
  tokensPerSecond: null,
  secondsLeft: null,
};

/** What is known after an event. */
export function learn(facts: LaneFacts, event: WorkerEvent): LaneFacts {
  switch (event.type) {
    case "started":
      return {
        ...facts,
        phase: "train",
        totalSteps: event.total_steps,
        resumedStep: event.resumed_step ?? 0,
        scoreName: event.score_name,
        majorityScore: event.majority_score,
      };
    case "progress":
      return {
        ...facts,
        losses: withLoss(facts.losses, event.phase === "train" ? event.loss : null),
        phase: event.phase,
        step: event.step,
        totalSteps: event.total_steps,
        tokensPerSecond: event.tokens_per_second ?? facts.tokensPerSecond,
      };
    case "metrics": {
      if (event.split === "train") {
        return event.diverged.includes("loss") ? { ...facts, losses: withDivergence(facts.losses) } : facts;
      }
      const score = event.split === "eval" && facts.scoreName !== null ? event.values[facts.scoreName] : undefined;
      return score === undefined ? facts : { ...facts, score };
    }
    case "finished":
      return {
        ...facts,
        scoreName: event.score_name,
        score: event.best_score,
        majorityScore: event.majority_score,
        step: facts.totalSteps,
      };
    default:
      return facts;
  }
}
