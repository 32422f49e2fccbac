/** The full screen at work: reads its source, draws, takes keys. `run` and `watch` open one and close it. */
import { paced } from "../../views/parts/pace.js";
import type { ScreenData, ScreenSource } from "../data.js";
import type { Line } from "../line.js";
import type { Key, Look, Pane, PaneName, Size } from "../pane.js";
import { drawScreen } from "./draw.js";
import { carryOut } from "./effects.js";
import type { Environment } from "./environment.js";
import { press } from "./keys.js";
import { type AppState, type Effect, initialState } from "./state.js";

const FRAMES_PER_SECOND = 12;
/** Milliseconds between two looks at the source. */
const LOOK_EVERY = 500;
/** Times move on although nothing happens. */
const REDRAW_EVERY = 1000;
/** A key is answered at once, whatever drawing costs. */
const LONGEST_WAIT = 8000;

/** The terminal as the screen sees it. */
export interface Terminal {
  size(): Size;
  /** Draws a whole frame; writes only what has changed. */
  draw(lines: readonly Line[]): void;
  /** Puts a text into the clipboard of the terminal, if it has one. */
  copy(text: string): void;
  close(): Promise<void> | void;
}

export interface ScreenOptions {
  source: ScreenSource;
  panes: readonly Pane[];
  deviceWords: Environment["deviceWords"];
  look: Look;
  /** Makes the terminal; keys and changes of size go to these. */
  open(on: { key(key: Key): void; resize(): void }): Terminal;
  dbPath: string;
  dbWords: readonly string[];
  /** The pane in focus at first, if it has something to show. */
  focus: PaneName;
  /** What `q` does, in a word or two. */
  quit: string;
  onQuit(): void;
  /** Part of the thread's time that drawing and reading may take; keys come on top. */
  share: number;
  now?: () => number;
}

export class ScreenApp {
  #state: AppState;
  #data: ScreenData;
  #terminal: Terminal;
  #changed = true;
  #drawnAt = 0;
  #readAt = 0;
  /** By the clock of the process. */
  #notBefore = 0;
  #timer: NodeJS.Timeout;
  #closed = false;
  readonly #now: () => number;

  constructor(private readonly options: ScreenOptions) {
    this.#now = options.now ?? Date.now;
    this.#data = options.source.read();
    this.#state = initialState(this.#firstFocus(), null);
    this.#terminal = options.open({ key: (key) => this.#press(key), resize: () => this.#drawNow() });
    this.#timer = setInterval(() => this.#tick(), 1000 / FRAMES_PER_SECOND);
    this.#drawNow();
  }

  /** Something has happened; it is shown with the next frame. */
  changed(): void {
    this.#changed = true;
  }

  /** Gives the terminal back as it was. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#terminal.close();
    this.options.source.close();
  }

  #firstFocus(): PaneName {
    const { panes, focus } = this.options;
    const first = panes.find(({ name }) => name === focus);
    return first?.shows(this.#data) ? focus : "runs";
  }

  #environment(): Environment {
    const { source, panes, deviceWords, look, quit } = this.options;
    const moment = { data: this.#data, size: this.#terminal.size(), now: this.#now() };
    return { ...moment, source, panes, deviceWords, look, quit };
  }

  #tick(): void {
    const clock = performance.now();
    if (clock < this.#notBefore) return;
    const now = this.#now();
    const due = this.#changed || now - this.#readAt >= LOOK_EVERY || now - this.#drawnAt >= REDRAW_EVERY;
    if (!due) return;
    const wait = paced(this.options.share, { least: 0, most: LONGEST_WAIT }, () => {
      if (this.#read() || now - this.#drawnAt >= REDRAW_EVERY) this.#draw();
    });
    this.#notBefore = performance.now() + wait;
  }

  /** Whether there is something new. */
  #read(): boolean {
    const before = this.#data;
    this.#readAt = this.#now();
    this.#changed = false;
    this.#data = this.options.source.read();
    return this.#data !== before;
  }

  #draw(): void {
    if (this.#closed) return;
    this.#drawnAt = this.#now();
    this.#terminal.draw(drawScreen(this.#state, this.#environment()));
  }

  #drawNow(): void {
    if (this.#closed) return;
    this.#draw();
  }

  #press(key: Key): void {
    if (this.#closed) return;
    const { state, effect } = press(this.#state, key, this.#environment());
    this.#state = state;
    if (effect) this.#do(effect);
    this.#draw();
  }

  #do(effect: Effect): void {
    const { dbPath, dbWords, onQuit } = this.options;
    if (effect.do === "quit") {
      onQuit();
      return;
    }
    if (effect.do === "copy") {
      this.#terminal.copy(effect.text);
      this.#state = { ...this.#state, note: [{ text: ` copied: ${effect.text}`, role: "good" }] };
      return;
    }
    const { columns } = this.#terminal.size();
    void carryOut(effect, { dbPath, dbWords, columns }).then(({ note, overlay }) => {
      this.#state = { ...this.#state, ...(note ? { note } : {}), ...(overlay ? { overlay } : {}) };
      this.#draw();
    });
  }
}
