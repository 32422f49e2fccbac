import { colourDepth } from "../views/terminal.js";
import type { Look } from "./pane.js";
import { darkByEnvironment } from "./terminal/background.js";

interface Asked {
  stdout?: NodeJS.WriteStream;
  env?: NodeJS.ProcessEnv;
  /** `--ascii`. */
  ascii?: boolean;
}

/** How the terminal shows things, as far as the environment says. The screen asks the terminal for its background. */
export const lookOf = ({ stdout = process.stdout, env = process.env, ascii = false }: Asked = {}): Look => ({
  depth: colourDepth(stdout, env),
  dark: darkByEnvironment(env) ?? true,
  ascii: ascii || onlyAscii(env),
});

/** No locale at all often is a container, whose terminal knows UTF-8. The console of Linux has too few glyphs. */
function onlyAscii({ LC_ALL, LC_CTYPE, LANG, TERM }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return TERM === "linux" || (locale !== undefined && locale !== "" && !/utf-?8/i.test(locale));
}
