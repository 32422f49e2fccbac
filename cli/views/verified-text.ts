import type { VerifyResult } from "../verify/verify.js";

/** How many differences are listed; the first one matters most. */
const SHOWN = 5;

/** What `lor2c verify RUN` found. */
export function verifiedText({ run, label, same, basis, compared, differences, notes }: VerifyResult): string {
  const shown = differences.slice(0, SHOWN).map(({ step, split, name, stored, again }) => {
    return `    step ${step}, ${split} ${name}: was ${valueText(stored)}, is ${valueText(again)}`;
  });
  const more = differences.length - shown.length;
  return [
    same
      ? `same: ${run} (${label}) gave all ${compared} values again`
      : `different: ${run} (${label}) gave ${differences.length} of ${compared} values differently; the first ones:`,
    ...shown,
    ...(more > 0 ? [`    and ${more} more`] : []),
    `compared ${basisText(basis)}`,
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/** `exactly: of one device class (cpu ...)`, or the tolerances and why they apply. */
export function basisText({ tolerance: { losses, scores }, why }: VerifyResult["basis"]): string {
  if (losses === 0 && scores === 0) return `exactly: ${why}`;
  const within = losses === scores ? `within ${losses}` : `within ${losses} (losses) and ${scores} (scores)`;
  return `${within}: ${why}`;
}

/** Shows all digits, because the difference may be in the last one. */
function valueText(number: number | null | undefined): string {
  if (number === undefined) return "absent";
  return number === null ? "not a finite number" : String(number);
}
