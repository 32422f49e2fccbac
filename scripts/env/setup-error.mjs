/** Set-up can't go on: what is wrong, and what the user can do about it. */
export class SetupError extends Error {
  /** @param {string} message @param {string} advice @param {string[]} [output] last lines of the program that failed */
  constructor(message, advice, output = []) {
    super(message);
    this.name = "SetupError";
    this.advice = advice;
    this.output = output;
  }
}

/** SIGINT or SIGTERM arrived; what was begun is repeated by the next call. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted; the same command goes on where this one stopped");
    this.name = "Interrupted";
  }
}
