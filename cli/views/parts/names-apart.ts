/** Names of runs, such as `merges=0 injections=1 seed=17`, in less room: each still says in what it differs from the others. */
import stringWidth from "string-width";
import { clip } from "./fit.js";

const CUT = "…";

/** Words `key=value` that every one of several different names has, in their order; none if the names are all the same. */
export function sharedWords(names: readonly string[]): string[] {
  const [first, ...others] = new Set(names);
  if (first === undefined || others.length === 0) return [];
  const sets = others.map((name) => new Set(name.split(" ")));
  return [...new Set(first.split(" "))].filter((word) => word.includes("=") && sets.every((words) => words.has(word)));
}

/** `name` without these words. A name of nothing else stays whole. */
export function withoutWords(name: string, words: readonly string[]): string {
  const left = name.split(" ").filter((word) => !words.includes(word));
  return left.every((word) => word === "") ? name : left.join(" ");
}

/**
 * The names in at most `width` columns. What is too long loses the ends of its keys first, `inje…=1`, because values tell runs
 * apart; then its middle. Different names stay different: those that would look alike get numbers.
 */
export function namesApart(names: readonly string[], width: number): string[] {
  const cut = new Map([...new Set(names)].map((name) => [name, clip(shortKeys(name, width), width, "middle")]));
  const alike = new Map<string, string[]>();
  for (const [name, text] of cut) alike.set(text, [...(alike.get(text) ?? []), name]);
  for (const same of [...alike.values()].filter(({ length }) => length > 1)) {
    for (const [at, name] of same.entries()) cut.set(name, numbered(name, at + 1, width));
  }
  return names.map((name) => cut.get(name) ?? name);
}

/**
 * The same where there is little room. If not all names fit, keys become initials, unless two keys have the same one:
 * `m=0 i=1`, then `m0 i1`, then `m0i1`.
 */
export function shortNames(names: readonly string[], width: number): string[] {
  const keys = [...new Set(names.flatMap((name) => [...name.matchAll(KEY)].map(([, key]) => key ?? "")))];
  const initial = (key: string) => key.slice(0, 1);
  const forms: ((name: string) => string)[] =
    new Set(keys.map(initial)).size < keys.length
      ? []
      : [
          (name) => name.replace(KEY, (_, key: string) => `${initial(key)}=`),
          (name) => name.replace(NUMBERED, (_, key: string) => initial(key)),
          (name) => name.replace(NUMBERED, (_, key: string) => initial(key)).replace(/(?<=\d) (?=[^ \d]+\d)/g, ""),
        ];
  const tried = [names, ...forms.map((form) => names.map(form))];
  const fits = (list: readonly string[]) => list.every((name) => stringWidth(name) <= width);
  return namesApart(tried.find(fits) ?? tried[1] ?? names, width);
}

/** A key with its sign, at the start of a word; the same before a number. */
const KEY = /(?<![^ ])([^ =]+)=/g;
const NUMBERED = /(?<![^ ])([^ =\d-]+)=(?=\d)/g;

function numbered(name: string, number: number, width: number): string {
  const end = ` (${number})`;
  return clip(shortKeys(name, width), Math.max(1, width - end.length), "middle") + end;
}

/** Takes letters from the longest key until the name fits; a key keeps its first letter. */
function shortKeys(name: string, width: number): string {
  const words = name.split(" ").map((word) => {
    const at = word.indexOf("=");
    return { key: at < 0 ? "" : word.slice(0, at), rest: at < 0 ? word : word.slice(at), cut: false };
  });
  const text = () => words.map(({ key, rest, cut }) => `${key}${cut ? CUT : ""}${rest}`).join(" ");
  for (let over = stringWidth(text()) - width; over > 0; over = stringWidth(text()) - width) {
    const longest = words.reduce((most, word) => (word.key.length > most.key.length ? word : most));
    // The mark takes a column, so that a key of two letters would stay as long as it is.
    if (longest.key.length <= (longest.cut ? 1 : 2)) break;
    longest.key = longest.key.slice(0, longest.cut ? -1 : -2);
    longest.cut = true;
  }
  return text();
}
