import { canRedraw } from "../../scripts/env/terminal.mjs";

export { colourDepth } from "../../scripts/env/terminal.mjs";

/** Bits of colour of a terminal, as Node counts them; 1 is none. */
export type ColourDepth = 1 | 4 | 8 | 24;

/** Whether input and output are terminals. Only then may a command redraw the screen or read keys. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY) && canRedraw(process.stdout);

/** Columns of the terminal that shows the results; null where there is none, and lines may be as wide as needed. */
export const outputWidth = (): number | null => widthOf(process.stdout);

/** The same of the terminal that shows messages. */
export const messageWidth = (): number | null => widthOf(process.stderr);

const widthOf = (out: NodeJS.WriteStream): number | null => (out.isTTY && out.columns) || null;
