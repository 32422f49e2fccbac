/**
 * What a terminal may be sent, decided in one place for the program and for set-up. The environment is asked here and
 * nowhere else; it has the same meaning to Node and to ink.
 */

/** A CI job, with nobody watching. `CI=false` and `CI=0` are how people switch that off. */
export function isInCi(env = process.env) {
  return [env.CI, env.CONTINUOUS_INTEGRATION].some((value) => !["", "0", "false", undefined].includes(value));
}

/** Whether lines on it may be drawn again. @param {{ isTTY?: boolean }} stream */
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

/** Node takes any `CI` for a job of one, `CI=false` too, and an empty `NO_COLOR` for one that is set. @param {NodeJS.ProcessEnv} env */
function asMeant({ CI, CONTINUOUS_INTEGRATION, NO_COLOR, ...rest }) {
  return isInCi({ CI, CONTINUOUS_INTEGRATION }) ? { ...rest, CI: "true" } : rest;
}

/** So does ink, which reads the process's own environment when it is loaded. */
export function forgetFalseCi() {
  if (isInCi()) return;
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
}
