/** The full screen at work: reads its source, draws, takes keys. `run` and `watch` open one and close it. */
import { oneLine } from "../../views/parts/visible.js";
import { createScreen, type Screen } from "../create-screen.js";
import type { ScreenData, ScreenSource } from "../data.js";
import type { Line, Role } from "../line.js";
import type { Key, Look, Pane, PaneName, Size } from "../pane.js";
import { drawScreen } from "./draw.js";
import { carryOut, type Told } from "./effects.js";
import type { Environment } from "./environment.js";
import { press } from "./keys.js";
import { type AppState, type Effect, initialState } from "./state.js";

/** Milliseconds between two looks at the source. */
const LOOK_EVERY = 250;
/** Then the keys stand in the last line again. */
const TOLD_FOR = 15_000;
/** Times move on although nothing happens. */
const REDRAW_EVERY = 1000;

export interface AppOptions {
  source: ScreenSource;
  panes: readonly Pane[];
  deviceWords: Environment["deviceWords"];
  look: Look;
  dbPath: string;
  /** What commands get besides their words: `--db FILE`, unless it is the default. */
  dbWords: readonly string[];
  /** The pane in focus at first, if it has something to show. */
  focus: PaneName;
  /** What `q` does, in a word or two. */
  quit: string;
  onQuit(): void;
  /** Text that the program wrote meanwhile; it is printed when the screen is left. */
  onText?: (text: string) => void;
  /** The screen can't go on; it has been left. */
  onProblem(error: unknown): void;
  /** Part of the thread's time that drawing may take; frames after a key come on top. */
  share: number;
  now?: () => number;
}

export class ScreenApp {
  #state: AppState;
  #data: ScreenData;
  /** Of the newest frame. */
  #look: Look;
  #drawnAt = 0;
  #told: { note: Line | null; until: number } = { note: null, until: 0 };
  #closed = false;
  readonly #screen: Screen;
  readonly #timer: NodeJS.Timeout;
  readonly #now: () => number;

  constructor(private readonly options: AppOptions) {
    const { source, look, share, onText = () => {} } = options;
    this.#now = options.now ?? Date.now;
    this.#look = look;
    this.#data = source.read();
    this.#state = initialState(this.#firstFocus(), null);
    this.#screen = createScreen({
      ...{ look, share, onText },
      isTyping: () => this.#state.prompt !== null || this.#state.question !== null,
      onKey: (key, text) => this.#guarded(() => this.#press(key, text)),
      onProblem: (error) => void this.#fail(error),
    });
    this.#timer = setInterval(() => this.#guarded(() => this.#tick()), LOOK_EVERY);
    this.#draw();
  }

  /** Says something in the last line, whatever panes are shown, for a while or until the next key. */
  tell(text: string, role: Role): void {
    const note = [{ text: ` ${oneLine(text)}`, role }];
    this.#told = { note, until: this.#now() + TOLD_FOR };
    this.#state = { ...this.#state, note, done: null };
    this.#draw();
  }

  /** Gives the terminal back as it was. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#screen.close();
    this.options.source.close();
  }

  /** A mistake of the screen must not end the job that it shows. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      void this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#closed) return;
    await this.close();
    this.options.onProblem(error);
  }

  #firstFocus(): PaneName {
    const { panes, focus } = this.options;
    const first = panes.find(({ name }) => name === focus);
    return first?.shows(this.#data) ? focus : "runs";
  }

  #environment(size: Size, look: Look): Environment {
    const { source, panes, deviceWords, quit } = this.options;
    return { data: this.#data, size, now: this.#now(), source, panes, deviceWords, look, quit };
  }

  #tick(): void {
    const { note, until } = this.#told;
    if (note !== null && note === this.#state.note && this.#now() > until) this.#state = { ...this.#state, note: null };
    const before = this.#data;
    this.#data = this.options.source.read();
    if (this.#data !== before || this.#now() - this.#drawnAt >= REDRAW_EVERY) this.#draw();
  }

  #draw(): void {
    if (this.#closed) return;
    this.#drawnAt = this.#now();
    this.#screen.draw((size, look) => {
      this.#look = look;
      return drawScreen(this.#state, this.#environment(size, look));
    });
  }

  #press(key: Key, text: string): void {
    if (this.#closed) return;
    const { state, effect } = press(this.#state, key, this.#environment(this.#screen.size, this.#look), text);
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
      this.#screen.copy(effect.text);
      this.#state = { ...this.#state, note: [{ text: ` copied: ${effect.text}`, role: "good" }] };
      return;
    }
    const { columns } = this.#screen.size;
    const show = ({ note, done, overlay }: Told) => {
      if (this.#closed) return;
      this.#state = { ...this.#state, ...(note ? { note, done: done ?? null } : {}), ...(overlay ? { overlay } : {}) };
      this.#draw();
    };
    void carryOut(effect, { dbPath, dbWords, columns, later: show }).then(show);
  }
}
