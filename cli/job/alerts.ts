import { type AlertRow, alertsOfAttempts } from "../store/read.js";
import type { Store } from "../store/store.js";
import { type NewAlert, raise } from "../store/write.js";
import type { JobModel } from "./model.js";
import type { Patience } from "./patience.js";
import type { JobAlert, Reporter } from "./reporter.js";

/** Tells the reporter of alerts of this job's attempts as they are stored, those of one cause together. */
export class Alerts {
  /** Ids alone would not do: that of a deleted alert is used again. */
  readonly #told = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly model: JobModel,
    private readonly patience: Patience,
    private readonly reporter: Pick<Reporter, "alert">,
  ) {}

  /** Attempts of this process. */
  get attempts(): number[] {
    return [...this.model.runs.values()].flatMap(({ attempt }) => attempt ?? []);
  }

  /** Call it after a write that may have stored some. */
  tell(): void {
    const key = ({ id, kind, level, at }: AlertRow) => `${id} ${kind} ${level} ${at}`;
    const found = alertsOfAttempts(this.store, this.attempts).filter((alert) => !this.#told.has(key(alert)));
    for (const alert of found) this.#told.add(key(alert));
    // A resumed worker repeats what came before its checkpoint; the user has seen that.
    const isNews = ({ run, step }: AlertRow) =>
      step === null || step > (this.model.runs.get(run)?.lane?.facts.resumedStep ?? 0);
    for (const alert of this.#together(found.filter(isNews))) this.reporter.alert?.(alert);
  }

  /** All of this job. */
  all(): JobAlert[] {
    return this.#together(alertsOfAttempts(this.store, this.attempts));
  }

  #together(alerts: readonly AlertRow[]): JobAlert[] {
    const groups = new Map<string, AlertRow[]>();
    for (const alert of alerts) {
      const key = `${alert.kind} ${alert.message}`;
      groups.set(key, [...(groups.get(key) ?? []), alert]);
    }
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { kind, level, message, step, epoch } = first;
      const runs = group.map(({ run }) => run);
      return { runs, label: this.model.labelOf(runs), kind, level, message, step, epoch };
    });
  }

  /** Stores what the runner itself has noticed about runs in training. While the database is locked it does not. */
  raise(runs: readonly string[], alert: NewAlert): void {
    const training = runs.filter((run) => this.model.state(run) === "running");
    const attempts = training.flatMap((run) => this.model.runs.get(run)?.attempt ?? []);
    try {
      const write = () =>
        this.store.write(() => {
          for (const attempt of attempts) raise(this.store, attempt, alert);
        });
      if (this.patience.attempt(write)) this.tell();
    } catch {
      // the next event meets the same trouble, and ends the job for it
    }
  }
}
