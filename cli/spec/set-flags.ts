import { findLookalike } from "./characters.js";
import type { ProblemList } from "./issues.js";
import { isMapping } from "./merge.js";
import { dottedLayer, type Layer, type Path, SET_FLAG } from "./places.js";
import { readYaml } from "./yaml-source.js";

/** One `--set a.b=value`. */
export interface SetFlag {
  path: Path;
  value: unknown;
  layer: Layer;
}

/** The values are YAML, so that `1e-4` is a number and `[1, 2]` a list, as in the file. */
export function parseSetFlags(flags: readonly string[], problems: ProblemList): SetFlag[] {
  const parsed: SetFlag[] = [];
  for (const flag of flags) {
    const equals = flag.indexOf("=");
    const key = flag.slice(0, Math.max(0, equals)).trim();
    const at = { file: SET_FLAG, line: 1, column: 1 };
    if (equals < 0 || key === "" || key.split(".").includes("")) {
      problems.add({
        ...at,
        path: "",
        message: `"${flag}" is not of the form key=value`,
        hint: "e.g. --set train.learning_rate=1e-4",
      });
      continue;
    }
    const odd = findLookalike(flag.slice(0, equals));
    if (odd) {
      problems.add({ ...at, column: odd.at + 1, path: key, message: odd.message, hint: odd.hint });
      continue;
    }
    const path = splitKey(key);
    if (path[0] === "extends") {
      problems.add({ ...at, path: key, message: "only a file can say what it extends" });
      continue;
    }
    const source = readYaml(flag.slice(equals + 1), SET_FLAG, equals + 1);
    for (const problem of source.problems) problems.add({ ...problem, line: 1, path: key });
    if (source.problems.length > 0) continue;
    if (!source.inline) {
      const hint = isMapping(source.value) ? "write a mapping as {key: value}" : "write a list as [a, b]";
      problems.add({
        ...at,
        column: equals + 2,
        path: key,
        message: "lists and mappings are written on one line",
        hint,
      });
      continue;
    }
    parsed.push({ path, value: source.value, layer: dottedLayer(path, at, source.layer) });
  }
  return parsed;
}

/** The keys of `sweep.grid` and `sweep.zip` contain dots themselves. */
function splitKey(key: string): string[] {
  const [, section, inner] = /^sweep\.(grid|zip)\.(.+)$/.exec(key) ?? [];
  return section !== undefined && inner !== undefined ? ["sweep", section, inner] : key.split(".");
}
