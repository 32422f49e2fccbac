/** Problems of a spec, before their place in a file is known. */
import type { z } from "zod";
import type { SpecProblem } from "../errors.js";
import { allowedText, foundText, type JsonSchema, keysOf, schemaAt, writingHint } from "./allowed.js";
import { listedNumbers } from "./number-hint.js";
import { dotted, type Layer, locate, type Path, SET_FLAG, type Want } from "./places.js";
import { nearest, suggestion } from "./suggest.js";

export interface Issue {
  path: Path;
  message: string;
  hint?: string | undefined;
  /** The axis that the user may have meant by several values of a key. */
  axis?: Axis | undefined;
  want: Want;
  /** The key is absent; messages show the place of its mapping. */
  missing?: boolean;
}

/** The key in a grid and its list of values. */
type Axis = [key: string, values: string];

export const UNKNOWN_KEY = "unknown key";

/** A hint for an unknown key among known siblings; undefined for the general hint. */
export type KeyHint = (path: Path, siblings: string[]) => string | undefined;

type ZodIssue = z.core.$ZodIssue;

/** Turns zod's findings into messages. `value` was checked, and `schema` is its JSON Schema. */
export function issuesOf(
  found: readonly ZodIssue[],
  schema: JsonSchema,
  value: unknown,
  keyHint?: KeyHint,
  /** The path of the checked part within `value` and `schema`. */
  base: Path = [],
): Issue[] {
  return found.flatMap((issue) => issueOf(issue, base, schema, value, keyHint));
}

function issueOf(issue: ZodIssue, base: Path, schema: JsonSchema, root: unknown, keyHint?: KeyHint): Issue[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(root, path);
  if (issue.code === "unrecognized_keys") {
    const siblings = keysOf(schemaAt(schema, path));
    return issue.keys.map((name) => {
      const here = [...path, name];
      return {
        path: here,
        message: UNKNOWN_KEY,
        hint: keyHint?.(here, siblings) ?? suggestion(name, siblings),
        want: "key",
      };
    });
  }
  if (issue.code === "invalid_union") {
    // The alternative for this kind of value (text, list, mapping) says what is wrong inside.
    const inside = issue.errors.find((errors) =>
      errors.every((e) => e.path.length > 0 || e.code === "unrecognized_keys"),
    );
    if (inside && inside.length > 0) return inside.flatMap((e) => issueOf(e, path, schema, root, keyHint));
  }
  if (issue.code === "custom") return [{ path, message: issue.message, want: "value" }];
  const here = schemaAt(schema, path);
  const allowed = allowedText(here);
  if (value === undefined) return [{ path, message: `is required: ${allowed}`, want: "key", missing: true }];
  const names = [here, ...(here?.anyOf ?? [])].flatMap((s) => s?.enum ?? []).filter((name) => typeof name === "string");
  const near = typeof value === "string" ? (here?.valueAliases?.[value] ?? nearest(value, names)) : undefined;
  const told = typeof value === "string" ? here?.valueHints?.[value] : undefined;
  const hint = told ?? (near === undefined ? writingHint(here, value) : `did you mean \`${near}\`?`);
  const whole = [here, ...(here?.anyOf ?? [])].some((s) => s?.type === "integer");
  const axis = whole && typeof value === "string" ? axisOf(value, dotted(path)) : undefined;
  return [{ path, message: `expected ${allowed}, found ${foundText(value)}`, hint, axis, want: "value" }];
}

/** Several whole numbers where a key takes one, which are an axis of a sweep. */
function axisOf(text: string, key: string): Axis | undefined {
  const values = listedNumbers(text);
  return values && [`sweep.grid.${key}`, `[${values.join(", ")}]`];
}

const axisHint = ([key, values]: Axis, inFlag: boolean): string =>
  `for a run with each: ${inFlag ? `--set '${key}=${values}'` : `${key}: ${values}`}`;

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Adds places to issues. Equal messages at the same place are one problem. */
export class ProblemList {
  readonly problems: SpecProblem[] = [];
  private readonly seen = new Set<string>();

  add(problem: SpecProblem): void {
    const id = JSON.stringify([problem.file, problem.line, problem.column, problem.path, problem.message]);
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.problems.push(problem);
  }

  addIssues(issues: readonly Issue[], layers: readonly Layer[]): void {
    for (const { path, message, hint: written, axis, want, missing } of issues) {
      const place = locate(layers, missing ? path.slice(0, -1) : path, want);
      const hint = written ?? (axis && axisHint(axis, place.file === SET_FLAG));
      this.add({ ...place, path: dotted(path), message, ...(hint === undefined ? {} : { hint }) });
    }
  }

  /** In reading order: the file itself, then the others in the order of their first problem. */
  sorted(file: string): SpecProblem[] {
    const files = [file, ...new Set(this.problems.map((p) => p.file))];
    return this.problems.toSorted(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }
}
