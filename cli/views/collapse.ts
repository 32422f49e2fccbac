import type { AttemptRow } from "../store/read.js";
import { formatValue } from "./format.js";
import { oneLine } from "./parts/visible.js";

/** From this share of the evaluation rows on, a label counts as so frequent that guessing it is hard to beat. */
const SKEWED = 0.6;
/** Shares of warm-up steps below it are short. */
const LONG_WARMUP = 0.2;

/** What a collapsed run predicts for every row, and what usually cures it: only what its settings leave to do. */
export function collapseText(attempt: AttemptRow | null, settings: Record<string, unknown>): string {
  const { collapsed_to: to = null, collapsed_share: share = null } = attempt ?? {};
  const first = "yes: after the chosen epoch all evaluation rows get one and the same prediction";
  const right = share === null ? "" : `, which ${(100 * share).toFixed(1)} % of them have`;
  return [
    `${first}${to === null ? "" : `, ${oneLine(to)}${right}`}`,
    `what usually helps: ${cures(settings, share).join("; ")}`,
  ].join("\n");
}

function cures(settings: Record<string, unknown>, share: number | null): string[] {
  const train = (settings.train ?? {}) as Record<string, unknown>;
  const { learning_rate: rate, class_weights: weights, num_train_epochs: epochs } = train;
  const steps = typeof train.warmup_steps === "number" ? train.warmup_steps : null;
  const warmup = steps === null ? train.warmup_ratio : null;
  const skewed = share !== null && share >= SKEWED && (weights ?? "none") === "none";
  return [
    ...(skewed ? ["train.class_weights: balanced, since that label is so frequent"] : []),
    `a lower train.learning_rate${typeof rate === "number" ? ` (now ${formatValue(rate)})` : ""}`,
    ...(typeof warmup === "number" && warmup < LONG_WARMUP
      ? [`a longer warm-up, train.warmup_ratio (now ${formatValue(warmup)})`]
      : []),
    ...(steps === null ? [] : [`a longer warm-up, train.warmup_steps (now ${formatValue(steps)})`]),
    `more epochs${typeof epochs === "number" ? ` (now ${formatValue(epochs)})` : ""}`,
  ];
}
