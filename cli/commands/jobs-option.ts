/** `--jobs`; `otherwise`: what holds without it. */
export const jobsOption = (otherwise: string) => ({
  type: "string" as const,
  describe: `Workers at a time on each device: a number, or auto (one per CPU core, one on a GPU). Default: ${otherwise}`,
  coerce: parseJobs,
});

/** Throws for what is neither a positive number nor `auto`; yargs prints it as a wrong use. */
function parseJobs(text: string | undefined): number | "auto" | undefined {
  if (text === undefined || text === "auto") return text;
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new Error(`--jobs ${text}: give a number from 1 on, or auto`);
}
