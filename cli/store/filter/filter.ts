import { FilterText } from "./filter-text.js";

export type Literal =
  /** `raw`: as written, for a comparison with a text. */
  | { type: "number"; value: number; raw: string; at: number }
  | { type: "boolean"; value: boolean; at: number }
  | { type: "text"; value: string; at: number };

/** A name that has a value in a run, and where it was written. */
export interface KeyRef {
  name: string;
  at: number;
}

export type Order = "<" | "<=" | ">" | ">=";

export type Condition =
  | { kind: "and" | "or"; parts: Condition[] }
  | { kind: "not"; part: Condition }
  /** `key = a` and `key in (a, b)`. */
  | { kind: "in"; key: KeyRef; values: Literal[] }
  | { kind: "order"; key: KeyRef; order: Order; value: Literal; at: number }
  | { kind: "like"; key: KeyRef; pattern: string }
  | { kind: "missing"; key: KeyRef };

/** A filter that was read. Whether its keys exist depends on the database, see condition-sql.ts. */
export interface Filter {
  source: FilterText;
  condition: Condition;
}

/** The filter `name = value`, for an option that asks for one column. */
export function fieldIs(name: string, value: string): Filter {
  const key = { name, at: 0 };
  const source = new FilterText(`${name} = ${value}`, `--${name}`);
  return { source, condition: { kind: "in", key, values: [{ type: "text", value, at: name.length + 3 }] } };
}
