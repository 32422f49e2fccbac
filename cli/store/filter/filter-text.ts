import stringWidth from "string-width";
import { UsageError } from "../../errors.js";

/** Columns of a filter that an error shows around its place. */
const BEFORE = 40;
const AFTER = 30;

/** The text of a filter, or of a key, and what the user calls it: `--where`. */
export class FilterText {
  constructor(
    readonly text: string,
    readonly option: string,
  ) {}

  /** An error that shows the text with a `^` below the character `at`. */
  error(at: number, message: string, hint?: string): UsageError {
    const start = at > BEFORE ? at - BEFORE : 0;
    const line = (from: number, to: number) => this.text.slice(from, to).replaceAll(/[\s\p{Cc}]/gu, " ");
    const before = `${start > 0 ? "…" : ""}${line(start, at)}`;
    const after = `${line(at, at + AFTER)}${this.text.length > at + AFTER ? "…" : ""}`;
    const pointer = `${" ".repeat(stringWidth(before))}^`;
    return new UsageError("FILTER_INVALID", `${this.option}: ${message}\n    ${before}${after}\n    ${pointer}`, hint);
  }
}
