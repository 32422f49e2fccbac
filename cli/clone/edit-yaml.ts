import { isDeepStrictEqual } from "node:util";
import { Document, isMap, isScalar, isSeq, type Node, parseDocument, visit } from "yaml";
import { isMapping, type Mapping } from "../spec/merge.js";

/** Lines are as long as their author made them. */
const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const;

/** `text`, whose value is `before`, changed to mean `after`; comments and the layout of the rest stay. */
export function editYaml(text: string, before: Mapping, after: Mapping): string {
  if (isDeepStrictEqual(before, after)) return text;
  const document = parseDocument(text, { version: "1.2", schema: "core", merge: false });
  withoutAliases(document);
  change(document, [], before, after);
  return document.toString(LAYOUT);
}

/** Writes out what aliases stand for: a change at one place must not reach the others. */
function withoutAliases(document: Document): void {
  visit(document, { Alias: (_, alias) => alias.resolve(document)?.clone() as Node | undefined });
  visit(document, {
    Node: (_, one) => {
      if (isMap(one) || isSeq(one) || isScalar(one)) delete one.anchor;
    },
  });
}

/** A mapping as YAML with short lists on one line. */
export function yamlOf(value: Mapping): string {
  const document = new Document();
  document.contents = node(document, value) as never;
  return document.toString(LAYOUT);
}

function change(document: Document, path: readonly string[], before: Mapping, after: Mapping): void {
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) document.deleteIn([...path, key]);
  for (const [key, whole] of Object.entries(after)) {
    const here = [...path, key];
    const old = before[key];
    const value = typeof old === "string" ? short(whole) : whole;
    if (Object.hasOwn(before, key) && isDeepStrictEqual(old, value)) continue;
    const found = document.getIn(here, true);
    if (isMap(found) && isMapping(old) && isMapping(value)) change(document, here, old, value);
    // A plain value in place of a plain value keeps the comment behind it.
    else if (isScalar(found) && (typeof value !== "object" || value === null)) document.setIn(here, value);
    else document.setIn(here, node(document, value));
  }
}

/** A model, task or method that is only a name stays one: `lora`, not `{name: lora}`. */
const short = (value: unknown): unknown =>
  isMapping(value) && Object.keys(value).join() === "name" ? value.name : value;

function node(document: Document, value: unknown): unknown {
  const made = document.createNode(value);
  visit(made as never, {
    Seq: (_, list) => {
      list.flow = list.items.every(isScalar);
      return isSeq(list) && list.flow ? visit.SKIP : undefined;
    },
  });
  return made;
}
