import { UsageError } from "../errors.js";

/** Letters, digits, `.`, `_` and `-` as a hub's names have them: none at the ends, no `--` or `..`. */
const PART = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;

/** Throws UsageError unless the text is `owner/name`. */
export function checkRepository(text: string): void {
  const parts = text.split("/");
  if (parts.length === 2 && parts.every((part) => PART.test(part) && part.length <= 96)) return;
  throw new UsageError(
    "REPOSITORY",
    `--push ${text} is no repository on a hub`,
    "write owner/name, such as me/mrpc-lor2c",
  );
}
