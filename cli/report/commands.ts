import type { ReportData } from "./data.js";

/** Commands that train the runs again or check them. */
export function rerunCommands({ name, experiment, compare }: ReportData): string[] {
  const best = compare.sets[0]?.rows[0]?.runs[0]?.run;
  const verify =
    best === undefined ? [] : [`lor2c verify ${best}    # trains the best row's first seed again and compares`];
  if (experiment === null) return [...verify, ...(best === undefined ? [] : [`lor2c clone ${best} -o again.yaml`])];
  return [
    `lor2c clone ${quoted(name)} -o again.yaml    # the spec with its --set arguments`,
    "lor2c plan again.yaml",
    "lor2c run again.yaml --db again/lor2c.db",
    ...verify,
  ];
}

/** For a POSIX shell. */
const quoted = (text: string): string => (/^[\w.,:/@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
