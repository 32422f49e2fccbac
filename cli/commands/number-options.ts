/** What becomes of an option's text that must be a number; yargs prints the message as a usage error. */
type Coerce = (text: string | undefined) => number | undefined;

/** A whole number from `least` on. */
export const counted = (name: string, least = 1): Coerce =>
  parsed(name, /^\d{1,9}$/, (value) => value >= least, `a whole number from ${least} on`);

/** A number that `fits`; `what` says which ones do. */
export const numbered = (name: string, fits: (value: number) => boolean, what: string): Coerce =>
  parsed(name, /^\d*\.?\d+$/, fits, what);

function parsed(name: string, form: RegExp, fits: (value: number) => boolean, what: string): Coerce {
  return (text) => {
    if (text === undefined) return undefined;
    if (form.test(text) && fits(Number(text))) return Number(text);
    throw new Error(`--${name} ${text}: give ${what}`);
  };
}
