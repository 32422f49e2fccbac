import type { WorkerEvent } from "../protocol/messages.js";
import { type Losses, NO_LOSSES, withDivergence, withLoss } from "./losses.js";

/** Runs that share a worker's events; during training, those that train as one. A lane's runs never change. */
export interface Lane {
  /** Counts from 1 within a job. */
  readonly number: number;
  readonly runs: readonly string[];
  /** The run's label; for several runs, what they have in common and their number. */
  readonly label: string;
  /** What its events have said. A lane that split off another one starts with the other's facts. */
  facts: LaneFacts;
}

export interface LaneFacts {
  phase: "load" | "train" | "evaluate" | "save";
  step: number;
  totalSteps: number;
  /** Epochs of the whole training; null before it starts. */
  epochs: number | null;
  /** Step of the checkpoint from which it resumes. */
  resumedStep: number;
  losses: Losses;
  /** The newest training loss; null before the first, or if it was not finite. */
  loss: number | null;
  scoreName: string | null;
  /** The newest score on the evaluation rows; the best for a finished run. */
  score: number | null;
  majorityScore: number | null;
  tokensPerSecond: number | null;
}

export const NO_FACTS: LaneFacts = {
  phase: "load",
  step: 0,
  totalSteps: 0,
  epochs: null,
  resumedStep: 0,
  losses: NO_LOSSES,
  loss: null,
  scoreName: null,
  score: null,
  majorityScore: null,
  tokensPerSecond: null,
};

/** Returns the facts after an event. */
export function learn(facts: LaneFacts, event: WorkerEvent): LaneFacts {
  switch (event.type) {
    case "started":
      return {
        ...facts,
        phase: "train",
        totalSteps: event.total_steps,
        epochs: event.num_epochs,
        resumedStep: event.resumed_step ?? 0,
        scoreName: event.score_name,
        majorityScore: event.majority_score,
      };
    case "progress":
      return {
        ...facts,
        losses: withLoss(facts.losses, event.phase === "train" ? event.loss : null),
        loss: event.phase === "train" ? (event.loss ?? facts.loss) : facts.loss,
        phase: event.phase,
        step: event.step,
        totalSteps: event.total_steps,
        tokensPerSecond: event.tokens_per_second ?? facts.tokensPerSecond,
      };
    case "metrics": {
      if (event.split === "train") {
        return event.diverged.includes("loss") ? { ...facts, losses: withDivergence(facts.losses), loss: null } : facts;
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
