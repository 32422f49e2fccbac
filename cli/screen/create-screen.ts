import { onExit } from "signal-exit";
import type { Line } from "./line.js";
import { Pace } from "./pace.js";
import { Painter } from "./painter.js";
import type { Look, Size } from "./pane.js";
import { BACKGROUND_QUERY } from "./terminal/background.js";
import { inForeground } from "./terminal/foreground.js";
import { FullScreen } from "./terminal/full-screen.js";
import { HeldOutput } from "./terminal/held-output.js";
import { controlJob } from "./terminal/job-control.js";
import { Keyboard } from "./terminal/keyboard.js";
import type { OnKey } from "./terminal/keys.js";

/** What to show now, on a terminal of that size and look. Lines that do not fit are cut. */
type Frame = (size: Size, look: Look) => readonly Line[];

export interface ScreenOptions {
  look: Look;
  /** Ctrl-C, Ctrl-Z, Ctrl-\ and Ctrl-L are not among them: the screen does what they mean. */
  onKey: OnKey;
  /** Whether Ctrl-C now means to give up what is being typed; it is then a key like others. */
  isTyping?: () => boolean;
  /** Text that the program wrote to its terminal while the screen was up. It is printed when the screen is left. */
  onText?: (text: string) => void;
  /** A frame could not be made. The screen is left, for good; absent: the error is thrown. */
  onProblem?: (error: unknown) => void;
  /** Of the time of this thread, what drawing may take when no key was pressed. */
  share?: number;
  stdout?: NodeJS.WriteStream;
  stdin?: NodeJS.ReadStream;
}

export interface Screen {
  /** Shows a frame soon: at most 12 a second, and of several the last. It is drawn again after a resize. */
  draw(frame: Frame): void;
  /** Puts a text into the clipboard of terminals that allow it (OSC 52). */
  copy(text: string): void;
  readonly size: Size;
  /** Bytes written to the terminal, and frames drawn. */
  readonly written: { bytes: number; frames: number };
  /** Leaves the screen. The terminal then shows what it showed before, and what was written meanwhile. */
  close(): Promise<void>;
}

/**
 * The full screen of a terminal, entered at once if this process is in the foreground, else as soon as it is. It is
 * left on every way out: an exit, an error, a signal, a stop.
 */
export function createScreen(options: ScreenOptions): Screen {
  const { stdout = process.stdout, stdin = process.stdin } = options;
  const full = new FullScreen(stdout, () => {
    if (refused) pace.soon();
    refused = false;
  });
  const held = new HeldOutput([...new Set([stdout, process.stdout, process.stderr])], options.onText ?? (() => {}));
  const painter = new Painter();
  let look = options.look;
  let frame: Frame = () => [];
  let up = false;
  let asked = false;
  /** A frame was not drawn, because the terminal had not taken the last one. */
  let refused = false;
  /** No frame is begun, because the screen is about to be left. */
  let settling = false;

  const pace = new Pace(options.share ?? 0.05, () => paint());
  const keyboard = new Keyboard(stdin, onKey, (dark) => {
    if (dark === look.dark) return;
    look = { ...look, dark };
    pace.soon();
  });

  function onKey(key: string, text: string): void {
    const signal = key === "ctrl-c" && options.isTyping?.() ? undefined : SIGNALS[key];
    if (signal) {
      pace.hurry(); // what it leads to is to be seen
      process.kill(0, signal); // to the whole group, as the terminal does without a screen
    } else if (key === "ctrl-l") redraw();
    else {
      pace.hurry();
      options.onKey(key, text);
    }
  }

  function paint(): number | null {
    refused = full.busy;
    if (!up || refused || settling) return null;
    const { size } = full;
    const before = full.bytes;
    try {
      full.show(painter.patches(frame(size, look), size, look), size);
    } catch (error) {
      end();
      if (!options.onProblem) throw error;
      options.onProblem(error);
    }
    return full.bytes - before;
  }

  function redraw(): void {
    full.forget();
    painter.forget();
    pace.hurry();
    pace.soon();
  }

  const enter = () => {
    settling = false;
    if (up) {
      keyboard.restart();
      redraw();
      return;
    }
    up = true;
    // Only the foreground is told of a new size. This makes Node look.
    process.emit("SIGWINCH", "SIGWINCH");
    held.hold();
    keyboard.start();
    const asks = !asked && stdin.isTTY && process.env.TERM !== "linux";
    if (asks) keyboard.expectAnswer();
    asked = true;
    full.enter(asks ? BACKGROUND_QUERY : "");
    redraw();
  };
  const settle = async () => {
    settling = true;
    await full.settled();
  };
  const leave = ({ now = true } = {}) => {
    if (!up) return;
    up = false;
    full.leave({ now });
    keyboard.stop({ background: !inForeground() });
    held.release();
  };

  const release = [controlJob({ enter, leave, settle }), onExit(() => leave())];
  stdout.on("resize", redraw);
  if (inForeground()) enter();

  function end(): void {
    pace.stop();
    for (const off of release.splice(0)) off();
    stdout.off("resize", redraw);
    leave({ now: false });
  }

  return {
    draw(next) {
      frame = next;
      pace.soon();
    },
    copy: (text) => full.copy(text),
    get size() {
      return full.size;
    },
    get written() {
      return { bytes: full.bytes, frames: pace.frames };
    },
    async close() {
      pace.stop();
      await Promise.all([keyboard.settled(), settle()]);
      end();
    },
  };
}

/** Keys that the terminal turns into signals without a screen. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  "ctrl-c": "SIGINT",
  "ctrl-z": "SIGTSTP",
  "ctrl-\\": "SIGQUIT",
};
