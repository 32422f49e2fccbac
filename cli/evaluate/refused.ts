import { Lor2cError, ProtocolError, UsageError } from "../errors.js";
import { benchmarksOf, type EvaluationRequest } from "../spec/evaluate-schema.js";
import type { SubjectResult } from "./report.js";
import type { Subject } from "./subject.js";

/** Codes of errors that are about one subject; with others, such as no interpreter, none could be evaluated. */
const OF_ONE: ReadonlySet<string> = new Set(["EVALUATION_IMPOSSIBLE", "WORKER_REFUSED", "WORKER_DIED"]);

/** The subjects of a command that cannot be evaluated, and why; the others are. */
export class Refused {
  readonly #reasons = new Map<Subject, Lor2cError>();
  readonly #told = new Set<Subject>();
  #telling = false;

  constructor(
    private readonly subjects: readonly Subject[],
    private readonly request: EvaluationRequest,
    private readonly write: (subject: Subject, why: string) => void,
  ) {}

  /** Throws the error if it is not about this subject alone. */
  add(subject: Subject, error: unknown): void {
    if (!(error instanceof ProtocolError || (error instanceof Lor2cError && OF_ONE.has(error.code)))) throw error;
    this.#reasons.set(subject, error);
    if (this.#telling) this.tell();
  }

  /** Says what was refused, now and later. Until then it may be all there is to say, in one error. */
  tell(): void {
    this.#telling = true;
    for (const [subject, { message }] of this.#reasons) {
      if (!this.#told.has(subject)) this.write(subject, message);
      this.#told.add(subject);
    }
  }

  /** The results, with those that were refused as failures. Throws if all of them were. */
  among(results: readonly SubjectResult[]): SubjectResult[] {
    const [first] = this.#reasons.values();
    if (first && this.#reasons.size === this.subjects.length) throw this.#all(first);
    this.tell();
    const done = new Map([...results, ...this.#failures()].map((result) => [result.subject, result]));
    return this.subjects.flatMap((subject) => done.get(subject) ?? []);
  }

  #failures(): SubjectResult[] {
    const { protocol } = this.request;
    return [...this.#reasons].map(([subject, { message }]) => ({
      ...{ subject, protocol },
      results: benchmarksOf(this.request).map((benchmark) => ({ benchmark, state: "failed", row: null, message })),
    }));
  }

  #all(first: Lor2cError): Lor2cError {
    const messages = new Set([...this.#reasons.values()].map(({ message }) => message));
    if (messages.size === 1) return first;
    const lines = [...this.#reasons].map(([{ label }, { message }]) => `${label}: ${message}`);
    return new UsageError("EVALUATION_IMPOSSIBLE", lines.join("\n"), "nothing was evaluated");
  }
}
