import { stripVTControlCharacters } from "node:util";
import { canRedraw } from "./terminal.mjs";

/** A long silence looks like a hang in a CI log. */
const HEARTBEAT_MS = 30_000;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/**
 * @typedef {object} Step
 * @property {(text: string) => void} line shows the newest line of the program's output on a terminal
 * @property {(note?: string) => void} done
 * @property {() => void} fail
 */

/**
 * Says which step runs and for how long: in one redrawn line on a terminal, in plain lines elsewhere and in CI.
 * Everything goes to stderr, since stdout belongs to the command after set-up.
 * @param {{ stream?: NodeJS.WriteStream, env?: NodeJS.ProcessEnv }} [options]
 */
export function createProgress({ stream = process.stderr, env = process.env } = {}) {
  const live = canRedraw(stream, env);
  return {
    /** @param {string} text @returns {void} */
    info: (text) => {
      stream.write(`${text}\n`);
    },
    /** @param {string} name @returns {Step} */
    step: (name) => (live ? liveStep(stream, name) : plainStep(stream, name)),
  };
}

/** @typedef {ReturnType<typeof createProgress>} Progress */

/** @param {NodeJS.WriteStream} stream @param {string} name @returns {Step} */
function plainStep(stream, name) {
  const elapsed = stopwatch();
  stream.write(`${name} ...\n`);
  const beat = setInterval(() => stream.write(`${name}: still at it after ${elapsed()}\n`), HEARTBEAT_MS);
  /** @param {string} how */
  const end = (how) => {
    clearInterval(beat);
    stream.write(`${name}: ${how} (${elapsed()})\n`);
  };
  return { line: () => {}, done: (note) => end(note ?? "done"), fail: () => end("failed") };
}

/** @param {NodeJS.WriteStream} stream @param {string} name @returns {Step} */
function liveStep(stream, name) {
  const elapsed = stopwatch();
  let last = "";
  let frame = 0;
  const draw = () => {
    const head = `${FRAMES[frame++ % FRAMES.length]} ${name}  ${elapsed()}  `;
    const room = Math.max(0, (stream.columns || 80) - head.length - 1);
    stream.write(`\r\x1b[2K${head}${last.slice(0, room)}`);
  };
  draw();
  const timer = setInterval(draw, 120);
  /** @param {string} mark @param {string} how */
  const end = (mark, how) => {
    clearInterval(timer);
    stream.write(`\r\x1b[2K${mark} ${name}  ${elapsed()}${how}\n`);
  };
  return {
    line: (text) => {
      last = printable(text);
    },
    done: (note) => end("✔", note ? `  ${note}` : ""),
    fail: () => end("✖", ""),
  };
}

/** Without colour codes and control characters, which would spoil the redrawn line. @param {string} text */
const printable = (text) =>
  stripVTControlCharacters(text)
    .replace(/\p{Cc}/gu, " ")
    .trim();

function stopwatch() {
  const start = Date.now();
  return () => {
    const seconds = (Date.now() - start) / 1000;
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  };
}
