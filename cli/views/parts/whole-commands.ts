/** Stands for a blank that no line break replaces. No message has one: it would be escaped. */
const GLUE = "\u0000";

/** From `lor2c` and a verb on, all that looks like options, their values, names in capitals, paths and quoted texts. */
const COMMAND =
  /\blor2c [a-z][\w-]*(?: (?:--?[a-z][\w-]*(?:[ =](?:'[^'\n]*'|[^\s,;`)]+))?|[A-Z_]{2,}\b|[<@./~][^\s,;`)]+|\.\.\.))*/g;
const QUOTED = /`[^`\n]+`/g;

/** Calls `breakLines` with a text whose commands it does not break, so that people can copy them. */
export function withWholeCommands(text: string, breakLines: (text: string) => string[]): string[] {
  const glue = (command: string) => command.replaceAll(" ", GLUE);
  return breakLines(text.replace(QUOTED, glue).replace(COMMAND, glue)).map((line) => line.replaceAll(GLUE, " "));
}
