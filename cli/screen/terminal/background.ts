/** Whether the terminal's background is dark: it is asked, and the environment may know. */

/**
 * Asks for the background's colour, and then for the terminal's kind. Terminals answer in order, and all know the second
 * question: its answer says that none to the first one will come.
 */
export const BACKGROUND_QUERY = "\u001b]11;?\u0007\u001b[c";

/** From the answer to the query, such as `11;rgb:ffff/ffff/dddd`; null if it says nothing. */
export function darkByAnswer(answer: string): boolean | null {
  const [, ...parts] = /^11;rgba?:([\da-f]+)\/([\da-f]+)\/([\da-f]+)/i.exec(answer) ?? [];
  if (parts.length !== 3) return null;
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Number.parseInt(part, 16) / (16 ** part.length - 1));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5;
}

/** `COLORFGBG` is `foreground;background`, of the 16 colours; null if it is not set. */
export function darkByEnvironment({ COLORFGBG }: NodeJS.ProcessEnv): boolean | null {
  const background = Number(/;(\d+)$/.exec(COLORFGBG ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(background)) return null;
  return background < 7 || background === 8;
}
