import { stringify } from "csv-stringify/sync";

/**
 * RFC 4180. NULL is an empty field, empty text is a quoted one; pandas, polars and DuckDB have options to tell them
 * apart.
 */
const OPTIONS = {
  record_delimiter: "windows",
  quoted_match: /^$|[\r\n]/,
  cast: { boolean: String },
} as const;

/** These records as lines, each ended by CR LF. */
export function csvText(records: readonly (readonly unknown[])[]): string {
  return stringify(records as unknown[][], OPTIONS);
}
