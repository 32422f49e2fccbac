/** `--jobs`; `otherwise` describes the default. */
export const jobsOption = (otherwise: string) => ({
  type: "string" as const,
  describe: `Workers at a time on each device: a number, or auto (one per CPU core, one on a GPU). Default: ${otherwise}`,
  coerce: parseJobs,
});

/** Throws unless the text is a positive number or `auto`; yargs prints the message as a usage error. */
function parseJobs(text: string | undefined): number | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new Error(`--jobs ${text}: give a number from 1 on, or auto`);
}
