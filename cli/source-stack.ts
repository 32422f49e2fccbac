import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { packageRoot } from "./spec/package-files.js";

/**
 * Replaces places in the bundle with places in the sources: `cli/job/run.ts:12:5`. Node's own --enable-source-maps
 * would read the map of each file at every start.
 */
export function sourceStack(stack: string): string {
  return stack.replace(/(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g, (place, url: string, line: string, column: string) => {
    try {
      const file = fileURLToPath(url);
      const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")));
      const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!("originalSource" in entry)) return place;
      const source = fileURLToPath(new URL(entry.originalSource, url));
      return `${source.replace(`${packageRoot()}/`, "")}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    } catch {
      return place; // without a map, the place in the bundle is better than none
    }
  });
}
