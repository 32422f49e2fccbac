/** Lines of an attempt's logs in words. Pure. */
import { stripVTControlCharacters } from "node:util";
import { errorText } from "../../protocol/divergence.js";
import type { ChangeRow } from "../../store/read.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, plural } from "../../views/format.js";
import { changeLine } from "../../views/timeline/data.js";
import type { LogLine } from "../data.js";

interface Whose {
  run: string;
  label: string;
}

/** A line of the runner's log, which is JSON. Null for one that says nothing to people, or is none of ours. */
export function runLine(line: string, { run, label }: Whose): LogLine | null {
  const fields = parsed(line);
  const { time, level, msg, together } = fields;
  if (typeof msg !== "string" || typeof time !== "string") return null;
  const text = textOf(msg, fields);
  if (text === null) return null;
  const several = typeof together === "number" && together > 1;
  return {
    at: Date.parse(time) || 0,
    level: level === "warn" || level === "error" ? level : "info",
    runs: [run],
    label: several ? `${together} runs` : label,
    text,
  };
}

/** What the worker, or a library in it, wrote to stderr. Nothing says when: the file's time stands for its last lines. */
export function workerLine(line: string, { run, label }: Whose, writtenAt: number): LogLine | null {
  const text = stripVTControlCharacters(line.split("\r").at(-1) ?? "").trimEnd();
  return text === "" ? null : { at: Math.floor(writtenAt), level: "info", runs: [run], label, text };
}

type Fields = Record<string, unknown>;

function parsed(line: string): Fields {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Fields) : {};
  } catch {
    return {};
  }
}

const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
const words = (value: unknown): string => (typeof value === "string" ? value : "");

function textOf(msg: string, fields: Fields): string | null {
  switch (msg) {
    case "claimed":
      return `claimed by process ${number(fields.pid) ?? "?"}, for ${words(fields.device) || "a device"}`;
    case "worker ready":
      return `worker ready: lor2c-worker ${words(fields.worker_version)}, Python ${words(fields.python)}`;
    case "started": {
      const resumed = number(fields.resumed_step);
      const from = resumed ? `, from step ${formatCount(resumed)}` : "";
      const trained = formatCount(number(fields.trainable_parameters));
      return `training: ${plural(number(fields.total_steps) ?? 0, "step")}${from}, ${trained} parameters`;
    }
    case "change":
      return changeLine({ detail: "", score: null, margin: null, ...fields } as unknown as ChangeRow);
    case "artifact":
      return null; // files of a run that has finished, which says so itself
    case "finished": {
      const score = `${words(fields.score_name)} ${formatScore(number(fields.best_score))}`;
      const seconds = formatSeconds(number(fields.total_seconds));
      return `finished: ${score} after epoch ${formatEpoch(number(fields.best_epoch))}, ${seconds}`;
    }
    case "stopped": {
      const step = number(fields.step);
      return step === null ? msg : `stopped at step ${formatCount(step)}`;
    }
    case "failed":
      return `failed: ${errorText(words(fields.error_type), words(fields.message))}`;
    case "out_of_memory":
      return `out of memory: ${words(fields.message)}`;
    default:
      return msg;
  }
}
