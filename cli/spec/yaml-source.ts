import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar, type YAMLMap } from "yaml";
import type { SpecProblem } from "../errors.js";
import { findLookalike, unusable } from "./characters.js";
import { commaNumber } from "./number-hint.js";
import { dotted, type Layer, type Path, type Place } from "./places.js";
import { gluedKey, quoteHint, syntaxProblems } from "./yaml-syntax.js";

/** Deeper than any sensible spec; stops an anchor that contains itself. */
const MAX_DEPTH = 40;
/** Limits on aliases and the values they expand to, because ten lines of YAML can expand to billions of values. */
const MAX_ALIASES = 100;
const MAX_ALIASED_VALUES = 10_000;

export interface YamlSource {
  value: unknown;
  layer: Layer;
  problems: SpecProblem[];
  /** Whether the text is a `[...]`, a `{...}` or a plain value, not a block of lines. */
  inline: boolean;
}

interface Entry {
  key: number | undefined;
  value: number;
  /** Whether the value is a mapping, into which another layer's keys are merged. */
  mapping: boolean;
}

const TOO_DEEP = "lists or mappings are nested too deeply to read";

class TooMuch extends Error {}

/**
 * Parses one YAML 1.2 (core schema) document and remembers the place of every key and value.
 * `columnOffset` shifts the columns of a text that is the tail of a longer line (`--set key=`).
 */
export function readYaml(source: string, file: string, columnOffset = 0): YamlSource {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  const lines = new LineCounter();
  const entries = new Map<string, Entry>();
  const problems: SpecProblem[] = [];
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) + columnOffset };
  };
  const report = (offset: number, path: Path, message: string, hint?: string) =>
    problems.push({ ...placeOf(offset), path: dotted(path), message, hint });
  const layer: Layer = {
    find(path, want) {
      const entry = entries.get(JSON.stringify(path));
      return entry && placeOf((want === "key" ? entry.key : undefined) ?? entry.value);
    },
    replaces: (path) => entries.get(JSON.stringify(path))?.mapping === false,
  };
  const result = (value: unknown, inline = true): YamlSource => ({ value, layer, problems, inline });

  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      resolveKnownTags: false,
      merge: false,
      uniqueKeys: false, // reported below, with the name of the key and its first place
      prettyErrors: false,
      lineCounter: lines,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report(0, [], TOO_DEEP); // the parser ran out of stack
    return result(undefined);
  }
  const exhausted = document.errors.find((error) => error.code === "RESOURCE_EXHAUSTION"); // the same, found by the parser
  if (exhausted) {
    report(exhausted.pos[0], [], TOO_DEEP);
    return result(undefined);
  }
  for (const { at, message, hint } of syntaxProblems([...document.errors, ...document.warnings], text)) {
    report(at, [], message, hint);
  }
  if (document.errors.length > 0) {
    // If the text looks right, the most likely reason is a look-alike of a space.
    const odd = findLookalike(text);
    if (odd) report(odd.at, [], odd.message, odd.hint);
    return result(undefined);
  }

  const anchors = new Map<string, Node>();
  let aliases = 0;
  let aliasedValues = 0;

  let lookalikes = 0;
  const checkText = (node: Scalar, path: Path, place: number) => {
    const [start = 0, end = 0] = node.range ?? [];
    const written = node.type === Scalar.PLAIN ? text.slice(start, end) : "";
    const odd = findLookalike(written);
    if (odd) {
      report(start + odd.at, [], odd.message, odd.hint);
      lookalikes++;
    }
    const reason = typeof node.value === "string" ? unusable(node.value) : undefined;
    if (reason) report(place, path, reason);
  };

  const walk = (node: unknown, path: Path, key: number | undefined, at: number, insideAlias: boolean): unknown => {
    const offset = (node as Node | null)?.range?.[0] ?? at;
    const place = insideAlias ? at : offset;
    if (path.length > MAX_DEPTH) {
      report(place, path.slice(0, 3), `more than ${MAX_DEPTH} levels deep`);
      throw new TooMuch();
    }
    if (insideAlias && ++aliasedValues > MAX_ALIASED_VALUES) {
      report(place, path, `aliases stand for more than ${MAX_ALIASED_VALUES.toLocaleString("en")} values`);
      throw new TooMuch();
    }
    if (!entries.has(JSON.stringify(path))) {
      entries.set(JSON.stringify(path), { key, value: place, mapping: isMap(node) || isAlias(node) });
    }
    if (isAlias(node)) {
      if (++aliases > MAX_ALIASES) {
        report(place, path, `more than ${MAX_ALIASES} aliases`, "write the values out, or use `extends:`");
        throw new TooMuch();
      }
      const target = anchors.get(node.source);
      if (target) return walk(target, path, key, place, true);
      report(
        place,
        path,
        `the alias *${node.source} has no anchor before it`,
        `YAML reads * as ${quoteHint(`*${node.source}`)}`,
      );
      return undefined;
    }
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor && !insideAlias) anchors.set(node.anchor, node);
    }
    if (isSeq(node)) return node.items.map((item, i) => walk(item, [...path, i], undefined, place, insideAlias));
    if (isMap(node)) return mapping(node, path, place, insideAlias);
    if (!isScalar(node)) return null;
    if (!insideAlias) checkText(node, path, place);
    return node.value;
  };

  const mapping = (node: YAMLMap, path: Path, at: number, insideAlias: boolean) => {
    const { items, flow: inFlow = false } = node;
    const value: Record<string, unknown> = {};
    const first = new Map<string, number>();
    for (const item of items) {
      const offset = insideAlias ? at : ((item.key as Node | null)?.range?.[0] ?? at);
      const name = isScalar(item.key) && item.key.value !== null ? String(item.key.value) : undefined;
      if (name === undefined) {
        report(offset, path, "a key must be plain text");
        continue;
      }
      if (isScalar(item.key) && !insideAlias) checkText(item.key, path, offset);
      const glued = inFlow && item.value === null ? gluedKey(name) : undefined;
      if (glued) {
        report(offset + glued.at, path, glued.message);
        continue;
      }
      const comma = inFlow && item.value === null && !insideAlias ? commaNumber(text, offset) : undefined;
      if (comma) {
        report(comma.at, path, comma.message, comma.hint);
        continue;
      }
      const here = [...path, name];
      const before = first.get(name);
      if (before !== undefined) {
        report(offset, here, `the key is written twice; first in line ${placeOf(before).line}`);
        continue;
      }
      first.set(name, offset);
      if (name === "<<" || name === "__proto__") {
        const hint = name === "<<" ? "`extends: other.yaml` takes over a whole file" : undefined;
        report(offset, here, name === "<<" ? "merge keys are not part of YAML 1.2" : "unknown key", hint);
        continue;
      }
      const end = isScalar(item.key) ? (item.key.range?.[1] ?? offset) : offset;
      value[name] = walk(item.value, here, offset, insideAlias ? at : end, insideAlias);
    }
    return value;
  };

  try {
    const contents = document.contents;
    const value = walk(contents, [], undefined, 0, false);
    // The keys and levels are not what they look like, so further problems would mislead.
    if (lookalikes > 0) return result(undefined);
    return result(value, !((isMap(contents) || isSeq(contents)) && !contents.flow));
  } catch (error) {
    if (error instanceof TooMuch) return result(undefined);
    throw error;
  }
}
