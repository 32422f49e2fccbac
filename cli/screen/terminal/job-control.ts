import { inForeground } from "./foreground.js";

/** How often a screen that was continued in the background looks whether it is in the foreground again. */
const LOOK_MS = 1000;
/** After SIGTSTP: a process that no shell controls is not stopped by it, and goes on. */
const STOPPED_MS = 50;

export interface Stoppable {
  /** Draws no more, and waits a moment until the terminal has taken the last frame. Never throws. */
  settle(): Promise<void>;
  /** Gives the terminal back at once. */
  leave(): void;
  /** Takes the terminal, or draws all of it again. */
  enter(): void;
}

/** Ctrl-Z: leaves the screen, stops, and comes back when the shell continues the program in the foreground. */
export function controlJob(screen: Stoppable): () => void {
  let timer: NodeJS.Timeout | undefined;
  const later = (milliseconds: number, then: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(then, milliseconds).unref();
  };
  const comeBack = () => {
    if (inForeground()) screen.enter();
    else later(LOOK_MS, comeBack);
  };
  let stopping = false;
  let over = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await screen.settle(); // the shell would get the rest of a frame after `bg`
    stopping = false;
    screen.leave();
    process.off("SIGTSTP", stop);
    process.kill(process.pid, "SIGTSTP");
    if (over) return;
    later(STOPPED_MS, () => {
      process.on("SIGTSTP", stop);
      comeBack();
    });
  };
  const goOn = () => {
    if (!process.listeners("SIGTSTP").includes(stop)) return; // the timer of `stop` comes
    if (!inForeground()) screen.leave();
    comeBack();
  };
  process.on("SIGTSTP", stop).on("SIGCONT", goOn);
  if (!inForeground()) later(LOOK_MS, comeBack);
  return () => {
    over = true;
    clearTimeout(timer);
    process.off("SIGTSTP", stop).off("SIGCONT", goOn);
  };
}
