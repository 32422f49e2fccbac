import { suggestion } from "../../spec/suggest.js";
import type { Store } from "../store.js";
import type { Bindings } from "./bindings.js";
import type { Condition, Filter, Literal } from "./filter.js";
import type { FilterText } from "./filter-text.js";
import { type Key, keyOf, type ListKey, type ScalarKey } from "./keys.js";

/**
 * A filter as an expression over `v`, a row of v_runs. It is NULL for a run that lacks a key, and so is its opposite,
 * so that such a run is in neither. Throws UsageError for keys that no run has, and for values that a key cannot have.
 */
export function conditionSql(store: Store, { source, condition }: Filter, bindings: Bindings): string {
  const sql = (part: Condition): string => {
    switch (part.kind) {
      case "and":
      case "or":
        return `(${part.parts.map(sql).join(part.kind === "and" ? " AND " : " OR ")})`;
      case "not":
        return `(NOT ${sql(part.part)})`;
      default: {
        const key = keyOf(store, part.key, source, bindings);
        return key.kind === "list" ? listSql(key, part, source, bindings) : scalarSql(key, part, source, bindings);
      }
    }
  };
  return sql(condition);
}

type Comparison = Exclude<Condition, { kind: "and" | "or" | "not" }>;

const IS_NUMBER = "('integer', 'real')";
const IS_FLAG = "('true', 'false')";

function scalarSql(key: ScalarKey, part: Comparison, source: FilterText, bindings: Bindings): string {
  const { value, type } = key;
  if (part.kind === "missing") return `(coalesce(${type}, 'null') = 'null')`;
  const { name } = part.key;
  if (part.kind === "like") {
    if (key.only === "number" || key.only === "flag") {
      throw source.error(part.key.at, `${name} is no text, which like compares`, `compare it: ${name} >= 1`);
    }
    return `CASE ${type} WHEN 'text' THEN ${value} GLOB ${bindings.add(globOf(part.pattern))} END`;
  }
  if (part.kind === "order") {
    const literal = checked(key, name, part.value, source);
    if (literal.type === "boolean") throw source.error(part.at, "true and false have no order", "ask with = or !=");
    const test = `${value} ${part.order} ${bindings.add(literal.value)}`;
    return literal.type === "number"
      ? `CASE WHEN ${type} IN ${IS_NUMBER} THEN ${test} END`
      : `CASE ${type} WHEN 'text' THEN ${test} END`;
  }
  const literals = part.values.map((literal) => checked(key, name, literal, source));
  const among = (list: (string | number)[]): string =>
    list.length === 0 ? "IN ()" : `IN (SELECT value FROM json_each(${bindings.add(JSON.stringify(list))}))`;
  const numbers = literals.flatMap((one) => (one.type === "number" ? one.value : []));
  // 8 is also the text "8"; '8' is only that.
  const texts = literals.flatMap((one) => (one.type === "text" ? one.value : one.type === "number" ? one.raw : []));
  const flags = literals.flatMap((one) => (one.type === "boolean" ? String(one.value) : []));
  return `CASE WHEN ${type} IN ${IS_NUMBER} THEN ${value} ${among(numbers)} WHEN ${type} = 'text' THEN ${value} ${among(texts)}
    WHEN ${type} IN ${IS_FLAG} THEN ${type} ${among(flags)} END`;
}

/** Refuses values that the key has in no run, because such a comparison is a mistake. Flags are also written 0 and 1. */
function checked(key: ScalarKey, name: string, literal: Literal, source: FilterText): Literal {
  if (key.only === "flag") {
    if (literal.type === "number" && (literal.value === 0 || literal.value === 1)) {
      return { type: "boolean", value: literal.value === 1, at: literal.at };
    }
    if (literal.type !== "boolean") throw source.error(literal.at, `${name} is true or false`);
  }
  if (key.only === "number" && literal.type !== "number") {
    throw source.error(literal.at, `${name} is a number, and ${String(literal.value)} is none`);
  }
  if (key.values && !key.values.includes(String(literal.value))) {
    throw source.error(
      literal.at,
      `${name} is never ${String(literal.value)}`,
      suggestion(String(literal.value), key.values),
    );
  }
  if (key.only === "text" && literal.type !== "text") {
    return { type: "text", value: literal.type === "number" ? literal.raw : String(literal.value), at: literal.at };
  }
  return literal;
}

function listSql({ items }: ListKey, part: Comparison, source: FilterText, bindings: Bindings): string {
  const has = (test: string) => `EXISTS (SELECT 1 FROM (${items}) i WHERE i.run = v.run AND ${test})`;
  if (part.kind === "missing") return `(NOT ${has("1")})`;
  if (part.kind === "like") return has(`item GLOB ${bindings.add(globOf(part.pattern))}`);
  if (part.kind === "order") {
    throw source.error(part.at, `${part.key.name} has no order`, "ask with =, !=, in, like or is null");
  }
  // Tags are stored in normal form, however they were typed.
  const texts = part.values
    .map((one) => (one.type === "number" ? one.raw : String(one.value)))
    .flatMap((text) => [text, text.normalize("NFC")]);
  return has(`item IN (SELECT value FROM json_each(${bindings.add(JSON.stringify(texts))}))`);
}

/** SQLite's LIKE ignores case, GLOB does not. */
const globOf = (pattern: string): string =>
  pattern.replaceAll(/[*?[]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?");

/** The value of a key to sort by. Throws UsageError for a key without one value per run. */
export function orderSql(store: Store, name: string, source: FilterText, bindings: Bindings): string {
  const key: Key = keyOf(store, { name, at: source.text.length - name.length }, source, bindings);
  if (key.kind === "list") throw source.error(0, `a run can have several of ${name}, which gives no order`);
  return key.value;
}
