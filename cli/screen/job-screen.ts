/** The full screen of `lor2c run`: a reporter that shows the job, and gives way to plain lines when the user leaves it. */

import { messageOf } from "../errors.js";
import type { JobModel } from "../job/model.js";
import type { JobPlan, Reporter } from "../job/reporter.js";
import { writeLine } from "../views/output.js";
import { createPlain } from "../views/plain.js";
import { renderSummary } from "../views/summary.js";
import { outputWidth } from "../views/terminal.js";
import { ScreenApp } from "./app/screen-app.js";
import type { LogLine } from "./data.js";
import { lookOf } from "./look.js";
import { deviceWords, PANES } from "./panes/index.js";
import { jobSource } from "./source/job.js";
import { ToldOnScreen } from "./told-on-screen.js";

/** Of the time of the thread that feeds the workers. */
const SHARE = 0.05;
/** Lines of the log that are kept. */
const LOG = 1000;

export interface JobScreenOptions {
  /** What commands of the screen get besides their words. */
  dbWords: readonly string[];
  /** The screen is about to take the terminal. */
  onBegin?: () => void;
  ascii?: boolean;
  now?: () => number;
}

export function createJobScreen({
  dbWords,
  onBegin = () => {},
  ascii = false,
  now = Date.now,
}: JobScreenOptions): Reporter {
  let log: readonly LogLine[] = [];
  let app: ScreenApp | undefined;
  /** Whether the user has left the screen: what happens from then on is told in lines. */
  let left = false;
  const say = (line: string, about: Omit<LogLine, "at">) => {
    log = [...log.slice(-LOG + 1), { at: now(), ...about }];
    if (left) writeLine(line);
  };
  const lines = createPlain({ write: say, now });
  const told = new ToldOnScreen(now);

  const leave = async (why: string) => {
    await app?.close();
    left = true;
    told.print();
    writeLine(`${why}, and training goes on; \`lor2c watch\` shows it again`);
  };

  return {
    ...lines,
    begin(plan: JobPlan, model: JobModel) {
      onBegin();
      lines.begin(plan, model);
      app = new ScreenApp({
        source: jobSource(plan, () => ({ model, log }), now),
        ...{ panes: PANES, deviceWords, look: lookOf({ ascii }), share: SHARE, focus: "runs" as const },
        ...{
          dbPath: plan.dbPath,
          dbWords,
          now,
          quit: "leave, train on",
          onQuit: () => void leave("the screen is left"),
        },
        onProblem: (error) => void leave(`the screen failed (${messageOf(error)})`),
        onText: (text) => say(text.trimEnd(), { level: "info", runs: [], label: "", text: text.trimEnd() }),
      });
    },
    message(level, text) {
      lines.message(level, text);
      if (left || level === "info") return;
      told.add(level, text);
      app?.tell(text, level === "error" ? "bad" : "warn");
    },
    async end(summary) {
      lines.abort?.(); // what it holds back for others that end alike goes to the log
      await app?.close();
      told.print(summary.notes);
      writeLine(`\n${renderSummary(summary, outputWidth())}`);
    },
    async abort() {
      lines.abort?.();
      await app?.close();
      told.print();
    },
  };
}
