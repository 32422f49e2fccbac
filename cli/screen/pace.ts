import { paced } from "./paced.js";

const FRAMES_PER_SECOND = 12;
/** Bytes in a second that screens send when no key is pressed: a remote shell must stay usable. */
const BYTES_PER_SECOND = 20_000;
/** Longest wait for a frame, on a large screen and a slow machine. */
const MOST_MS = 2000;

/** Draws when something changed: at most 12 times a second, and within a share of this thread's time and few bytes. */
export class Pace {
  frames = 0;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = -Infinity;
  #notBefore = -Infinity;

  /** `paint` returns the bytes that it wrote; null if it could not draw. */
  constructor(
    readonly share: number,
    readonly paint: () => number | null,
  ) {}

  /** Draws as soon as it is time. */
  readonly soon = (): void => {
    this.#timer ??= setTimeout(this.#draw, Math.max(0, Math.ceil(this.#notBefore - performance.now()))).unref();
  };

  /** Somebody pressed a key and looks: the next frame waits only for its turn among 12 a second. */
  hurry(): void {
    this.#notBefore = Math.min(this.#notBefore, this.#drawnAt + 1000 / FRAMES_PER_SECOND);
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.soon();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #draw = (): void => {
    this.#timer = undefined;
    const bounds = { least: 1000 / FRAMES_PER_SECOND, most: MOST_MS };
    const { result: bytes, wait } = paced(this.share, bounds, this.paint);
    if (bytes === null) return;
    this.frames += 1;
    this.#drawnAt = performance.now();
    this.#notBefore = this.#drawnAt + Math.min(MOST_MS, Math.max(wait, (1000 * bytes) / BYTES_PER_SECOND));
  };
}
