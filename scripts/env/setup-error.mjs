/** Why set-up can't go on, and what the user can do about it. */
export class SetupError extends Error {
  /** @param {string} message @param {string} advice @param {string[]} [output] last lines of the program that failed */
  constructor(message, advice, output = []) {
    super(message);
    this.name = "SetupError";
    this.advice = advice;
    this.output = output;
  }
}

/** SIGINT or SIGTERM arrived. The next call repeats the unfinished step. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted; the same command goes on where this one stopped");
    this.name = "Interrupted";
  }
}
