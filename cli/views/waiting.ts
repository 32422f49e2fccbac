import { canRedraw } from "../../scripts/env/terminal.mjs";
import type { WorkerCommand } from "../protocol/messages.js";
import type { Wait } from "../worker/wait.js";
import { writeNote, writeStatus } from "./output.js";
import { oneLine } from "./parts/visible.js";

/** Milliseconds between two lines, where lines stay; what is over by then is not told. */
const LINE_EVERY = 3000;
/** Milliseconds after which a line says that the same goes on. */
const STILL_EVERY = 30_000;
/** Milliseconds between two drawings of the status of a terminal, which counts seconds. */
const REDRAW_EVERY = 1000;

const ANSWERS: Partial<Record<WorkerCommand["type"], string>> = {
  inspect: "looking at models and rows",
  count: "counting parameters",
  examine: "looking at the rows",
  survey: "looking at the table",
  predict: "labelling the texts",
  predict_file: "labelling the rows",
  export_adapter: "writing the folder",
  ask_hub: "looking for a token",
  push_folder: "uploading the folder",
  plan_evaluation: "preparing the benchmarks",
  evaluate: "preparing the evaluation",
  generate: "preparing the text",
};

const DOING: Record<Extract<Wait, { kind: "doing" }>["what"], (of: string) => string> = {
  config: (of) => `reading the config of ${of}`,
  rows: (of) => `reading the rows of ${of}`,
  tokens: (of) => `turning the rows of ${of} into tokens`,
  weights: (of) => `loading the weights of ${of}`,
  download: (of) => `downloading ${of}`,
  hub: (of) => `fetching ${of} from the hub or its cache`,
  convert: (of) => `converting ${of}, once`,
  unpack: (of) => `unpacking ${of}, once`,
  upload: (of) => `uploading ${of}`,
  wait: (of) => `waiting for another process, which gets ${of} ready`,
};

export function waitText(wait: Wait): string {
  if (wait.kind === "load") return "getting ready";
  if (wait.kind === "start") return "starting the worker: loading Python packages";
  if (wait.kind === "answer") return ANSWERS[wait.to] ?? "waiting for the worker";
  return DOING[wait.what](oneLine(wait.of));
}

/** Says what a command waits for, until it is told null. */
export interface Waiting {
  show(wait: Wait | null): void;
}

/** On a terminal one line that is replaced, elsewhere a line for what takes longer. All of it goes to stderr. */
export const createWaiting = (): Waiting => (canRedraw(process.stderr) ? liveWaiting() : plainWaiting());

function liveWaiting(): Waiting {
  let timer: NodeJS.Timeout | undefined;
  return {
    show(wait) {
      clearInterval(timer);
      timer = undefined;
      if (wait === null) return writeStatus("");
      const [text, began] = [waitText(wait), performance.now()];
      const draw = () => {
        const seconds = Math.floor((performance.now() - began) / 1000);
        writeStatus(`${cut(text, (process.stderr.columns || 80) - 12)} ...${seconds > 0 ? ` ${seconds} s` : ""}`);
      };
      draw();
      // What is written next ends the loading; nothing else tells its end.
      timer = wait.kind === "load" ? undefined : setInterval(draw, REDRAW_EVERY).unref();
    },
  };
}

/** A status that took two lines could not be replaced. What is not ASCII may be wide; what measures it loads too long. */
function cut(text: string, columns: number): string {
  const room = Math.max(10, /[^\x20-\x7e]/.test(text) ? Math.floor(columns / 2) : columns);
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

function plainWaiting(): Waiting {
  let timer: NodeJS.Timeout | undefined;
  let said = Number.NEGATIVE_INFINITY;
  return {
    show(wait) {
      clearTimeout(timer);
      if (wait === null || wait.kind === "load") return; // a wrong request ends before there is more to say
      const began = performance.now();
      const text = waitText(wait);
      const say = (line: string) => {
        said = performance.now();
        writeNote(line);
        const seconds = () => Math.round((performance.now() - began) / 1000);
        timer = setTimeout(() => say(`${text}: still at it after ${seconds()} s`), STILL_EVERY).unref();
      };
      const due = said + LINE_EVERY - began;
      if (due <= 0) say(`${text} ...`);
      else timer = setTimeout(() => say(`${text} ...`), due).unref();
    },
  };
}
