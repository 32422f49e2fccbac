import type { Store } from "../store.js";
import { Bindings } from "./bindings.js";
import { conditionSql } from "./condition-sql.js";
import type { Condition, Filter, KeyRef } from "./filter.js";
import { keyOf } from "./keys.js";

/** So many values of a key are named, each with at most so many characters. */
const MOST = 6;
const LONGEST = 40;

/**
 * For each condition of these filters that no run meets, what there is instead: `task is never MRPC; it is mrpc or
 * sst2`. Empty where each condition alone has runs.
 */
export function whyEmpty(store: Store, filters: readonly Filter[]): string[] {
  return filters.flatMap(({ source, condition }) =>
    comparisons(condition).flatMap((one) => {
      const bindings = new Bindings();
      const met = conditionSql(store, { source, condition: one }, bindings);
      const found = store.prepare(`SELECT 1 FROM v_runs v WHERE ${met} LIMIT 1`).get(bindings.values);
      return found === undefined
        ? [`no run meets the condition on ${one.key.name}; ${there(store, one.key, source)}`]
        : [];
    }),
  );
}

type Comparison = Exclude<Condition, { kind: "and" | "or" | "not" }>;

/** A condition under a `not` excludes runs, so it is not what nothing meets. */
function comparisons(condition: Condition): Comparison[] {
  if (condition.kind === "not") return [];
  if ("parts" in condition) return condition.parts.flatMap(comparisons);
  return [condition];
}

function there(store: Store, key: KeyRef, source: Filter["source"]): string {
  const bindings = new Bindings();
  const found = keyOf(store, key, source, bindings);
  const values =
    found.kind === "list"
      ? `SELECT item AS value, 'text' AS type FROM (${found.items})`
      : `SELECT ${found.value} AS value, ${found.type} AS type FROM v_runs v`;
  const rows = store
    .prepare(
      `SELECT value, type, count(*) AS runs FROM (${values}) WHERE value IS NOT NULL GROUP BY 1, 2 ORDER BY runs DESC, value, type`,
    )
    .all(bindings.values) as { value: string | number; type: string; runs: number }[];
  const numbers = rows.flatMap(({ value }) => (typeof value === "number" ? value : []));
  const text = ({ value, type }: (typeof rows)[number]) =>
    type === "true" || type === "false" ? type : short(String(value).replace(/\s+/g, " "));
  if (rows.length === 0) return "no run has it";
  if (rows.length > MOST && numbers.length === rows.length) {
    return `it is from ${Math.min(...numbers)} to ${Math.max(...numbers)}`;
  }
  const named = rows.slice(0, MOST).map(text);
  const is = found.kind === "list" ? "runs have" : "it is";
  return `${is} ${named.join(", ")}${rows.length > MOST ? ", ..." : ""}`;
}

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
