/**
 * Decides, for the program and for set-up, what a terminal can show. Only this file reads these variables, and makes
 * Node and ink read them in the same way.
 */

/** Whether this is a CI job. `CI=false` and `CI=0` say that it is none. */
export function isInCi(env = process.env) {
  return [env.CI, env.CONTINUOUS_INTEGRATION].some((value) => !["", "0", "false", undefined].includes(value));
}

/** Whether a program may redraw lines on the stream. @param {{ isTTY?: boolean }} stream */
export function canRedraw(stream, env = process.env) {
  return Boolean(stream.isTTY) && !isInCi(env) && env.TERM !== "dumb";
}

/**
 * Bits of colour, as Node counts them; 1: none. Never in a pipe or file; `NO_COLOR` switches colour off, `FORCE_COLOR`
 * says how many there are, in CI too.
 * @param {import("node:tty").WriteStream} stream
 * @returns {1 | 4 | 8 | 24}
 */
export function colourDepth(stream, env = process.env) {
  if (!stream.isTTY || env.NO_COLOR) return 1;
  if (env.FORCE_COLOR === undefined && !canRedraw(stream, env)) return 1;
  return /** @type {1 | 4 | 8 | 24} */ (stream.getColorDepth(asMeant(env)));
}

/** The environment as users mean it: Node takes even `CI=false` for CI, and an empty `NO_COLOR` for a set one. @param {NodeJS.ProcessEnv} env */
function asMeant({ CI, CONTINUOUS_INTEGRATION, NO_COLOR, ...rest }) {
  return isInCi({ CI, CONTINUOUS_INTEGRATION }) ? { ...rest, CI: "true" } : rest;
}

/** Removes a false `CI` for ink, which reads the process's environment when it is loaded. */
export function forgetFalseCi() {
  if (isInCi()) return;
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
}
