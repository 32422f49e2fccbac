/** What `keep.adapters` of a spec means for a job: when adapters are deleted, and what is said about it. */
import { clearDropped, dropAdapters, isBusy } from "../store/write.js";
import type { Job } from "./job.js";

/** After some runs have trained: where no adapter stays and nothing is evaluated, theirs go at once, to save space. */
export async function dropTrained(job: Job, runs: readonly string[]): Promise<void> {
  const { store, experiment, evaluate, patience, interrupts } = job;
  const keep = job.keep.adapters;
  if (keep !== "none" || evaluate !== null) return;
  const drop = () => dropAdapters(store, { experiment, keep, runs });
  const dropped = await patience.orElse(drop, interrupts.stop, null);
  job.droppedAdapters += dropped?.adapters ?? 0;
}

/**
 * At the end of a job: those of every run of the experiment, except where an evaluation that the spec asks for has not
 * given its scores. Never throws because of a busy database: the next job that ends does it. Returns lines for people.
 */
export function dropAtEnd(job: Job): string[] {
  const { store, experiment } = job;
  const keep = job.keep.adapters;
  try {
    if (keep === "all") return clearDropped(store); // of a job that was killed
    const { adapters, stay, problems } = dropAdapters(store, { experiment, keep, runs: evaluated(job) });
    const total = job.droppedAdapters + adapters;
    const deleted = `keep.adapters: ${keep}: ${total === 1 ? "1 adapter was" : `${total} adapters were`} deleted`;
    return [...(total > 0 ? [deleted] : []), ...stay, ...problems];
  } catch (error) {
    if (!isBusy(error)) throw error;
    return [`keep.adapters: ${keep}: the database was busy; the next job of this experiment deletes adapters`];
  }
}

/** Runs with all the scores that the spec asks for; null: it asks for none. */
function evaluated({ evaluate, evaluations, cells }: Job): string[] | null {
  if (evaluate === null) return null;
  return cells
    .map(({ id }) => id)
    .filter((id) => {
      const own = evaluations.filter(({ run }) => run === id);
      return own.length > 0 && own.every(({ score }) => score !== null);
    });
}
