import type { EventOf } from "../protocol/messages.js";
import { plural, shortId } from "./format.js";
import { formatBytes } from "./parts/bytes.js";

interface What {
  folder: string;
  run: string;
  label: string;
  merged: boolean;
}

/** What `export-adapter` has written. */
export function exportedLines(
  { files, bytes, difference, tolerance }: Pick<EventOf<"exported">, "files" | "bytes" | "difference" | "tolerance">,
  { folder, run, label, merged }: What,
): string[] {
  const which = `the adapter of ${label} (${shortId(run)})`;
  const what = merged ? `the model with ${which} in its weights` : which;
  const lines = [`wrote ${folder}: ${what}, ${plural(files.length, "file")}, ${formatBytes(bytes)}`];
  if (difference !== null && tolerance !== null) {
    const most = `largest difference of an output ${difference.toPrecision(2)}, allowed ${tolerance} of the largest output`;
    lines.push(`checked: loaded again, it gives the adapter's outputs (${most})`);
  }
  return lines;
}
