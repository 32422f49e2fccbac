import { nearest } from "../../spec/suggest.js";
import type { Condition, Filter, KeyRef, Literal, Order } from "./filter.js";
import { FilterText } from "./filter-text.js";
import { type Token, tokens } from "./tokens.js";

/** Far above what people write; SQLite refuses deeper expressions without saying where. */
const MOST_CONDITIONS = 200;
const DEEPEST = 50;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HINT =
  "a condition is key = value, with = != < <= > >= like, in (a, b) or is null;\nand, or, not and ( ) join conditions";

/**
 * Reads `task = mrpc and (best.accuracy > 0.85 or not method.merges >= 1)`. `and` binds more than `or`, `not` more than
 * both. Throws UsageError with the place of the first mistake.
 */
export function parseFilter(text: string, option = "--where"): Filter {
  const source = new FilterText(text, option);
  return { source, condition: new Parser(source).filter() };
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #conditions = 0;

  constructor(readonly source: FilterText) {
    this.#tokens = tokens(source);
  }

  filter(): Condition {
    if (this.#peek().kind === "end") throw this.source.error(0, "the filter is empty", HINT);
    const condition = this.#joined("or", 0);
    const left = this.#peek();
    if (left.kind === "end") return condition;
    if (left.text === ")") throw this.source.error(left.at, "this ) closes nothing");
    throw this.source.error(left.at, `expected and, or, or the end, not ${left.text}`, this.#forLeftOver(left));
  }

  /** Conditions joined by `or`, each of them conditions joined by `and`. */
  #joined(by: "and" | "or", depth: number): Condition {
    const one = () => (by === "or" ? this.#joined("and", depth) : this.#negated(depth));
    const parts = [one()];
    while (this.#takes(by)) parts.push(one());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: by, parts };
  }

  #negated(depth: number): Condition {
    const { at } = this.#peek();
    if (depth > DEEPEST) throw this.source.error(at, `more than ${DEEPEST} levels of not and ( )`);
    if (this.#takes("not")) return { kind: "not", part: this.#negated(depth + 1) };
    if (!this.#takes("(")) return this.#comparison();
    const inside = this.#joined("or", depth + 1);
    if (!this.#takes(")")) throw this.source.error(this.#peek().at, "expected ) here");
    return inside;
  }

  #comparison(): Condition {
    const key = this.#key();
    this.#conditions += 1;
    if (this.#conditions > MOST_CONDITIONS) {
      throw this.source.error(
        key.at,
        `more than ${MOST_CONDITIONS} conditions`,
        "many values of one key: in (a, b, c)",
      );
    }
    const operator = this.#take();
    const word = operator.kind === "text" ? "" : operator.text.toLowerCase();
    if (word === "=" || word === "==") return { kind: "in", key, values: [this.#value()] };
    if (word === "!=" || word === "<>") return opposite({ kind: "in", key, values: [this.#value()] });
    if (isOrder(word)) return { kind: "order", key, order: word, at: operator.at, value: this.#value() };
    if (word === "is") return this.#missing(key);
    const opposed = word === "not";
    const { text, at } = opposed ? this.#take() : operator;
    const name = text.toLowerCase();
    if (name !== "like" && name !== "in") throw this.#noOperator(key, at);
    const condition: Condition = name === "in" ? { kind: "in", key, values: this.#list() } : this.#like(key);
    return opposed ? opposite(condition) : condition;
  }

  #key(): KeyRef {
    const { kind, text, at, double } = this.#take();
    if (kind !== "word" && !double) {
      throw this.source.error(at, `expected a key here${kind === "end" ? "" : `, not ${text}`}`, HINT);
    }
    return { name: text, at };
  }

  #missing(key: KeyRef): Condition {
    const opposed = this.#takes("not");
    const { at } = this.#peek();
    if (!this.#takes("null")) throw this.source.error(at, "only null stands after is", "equal to a value: key = value");
    return opposed ? opposite({ kind: "missing", key }) : { kind: "missing", key };
  }

  #like(key: KeyRef): Condition {
    const value = this.#value();
    return { kind: "like", key, pattern: value.type === "number" ? value.raw : String(value.value) };
  }

  #list(): Literal[] {
    const { at } = this.#peek();
    if (!this.#takes("(")) throw this.source.error(at, "expected ( after in", "values stand like this: in (a, b)");
    const values = [this.#value()];
    while (this.#takes(",")) values.push(this.#value());
    if (!this.#takes(")")) throw this.source.error(this.#peek().at, "expected , or ) here");
    return values;
  }

  #value(): Literal {
    const { kind, text, at } = this.#take();
    if (kind === "text") return { type: "text", value: text, at };
    if (kind !== "word") throw this.source.error(at, "expected a value here", "an empty text is ''");
    if (NUMBER.test(text) && Number.isFinite(Number(text)))
      return { type: "number", value: Number(text), raw: text, at };
    const word = text.toLowerCase();
    if (word === "null")
      throw this.source.error(at, "nothing equals null", "missing values: key is null, key is not null");
    if (word === "true" || word === "false") return { type: "boolean", value: word === "true", at };
    return { type: "text", value: text, at };
  }

  #noOperator(key: KeyRef, at: number): Error {
    if (this.#tokens.find((token) => token.at === at)?.kind === "end") {
      return this.source.error(at, `what should ${key.name} be?`, HINT);
    }
    const near = nearest(this.source.text.slice(at).split(/[\s(]/)[0] ?? "", ["like", "in", "is", "not"]);
    return this.source.error(at, "expected a comparison here", near === undefined ? HINT : `did you mean \`${near}\`?`);
  }

  /** A text with blanks that has no quotes is the likely mistake. */
  #forLeftOver({ kind, text }: Token): string | undefined {
    if (kind !== "word") return HINT;
    const near = nearest(text, ["and", "or"]);
    return near === undefined ? "a text with blanks stands in quotes: label = 'a b'" : `did you mean \`${near}\`?`;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** The end is never passed. */
  #take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#next += 1;
    return token;
  }

  #takes(text: string): boolean {
    const { kind, text: found } = this.#peek();
    if (kind === "text" || kind === "end" || found.toLowerCase() !== text) return false;
    this.#next += 1;
    return true;
  }
}

const opposite = (part: Condition): Condition => ({ kind: "not", part });
const isOrder = (text: string): text is Order => /^[<>]=?$/.test(text);
