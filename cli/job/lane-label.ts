/** The most values, or groups of runs, that a label lists. */
const MOST = 8;

/** A word of a label, and the values it has in several labels; null: it has no `=` and is the same in all. */
interface Part {
  key: string;
  values: readonly string[] | null;
}

/**
 * `3 runs: merges=0..2 injections=1` for labels of one form. Combinations that do not fill a rectangle are listed as
 * several that do, `3 runs: merges=1 injections=1..2, merges=2 injections=1`, so that a label never names a run that it
 * does not mean. Labels of different forms are listed one by one.
 */
export function laneLabel(labels: readonly string[]): string {
  const [only] = labels;
  if (labels.length === 1 && only !== undefined) return only;
  return `${labels.length.toLocaleString("en-US")} runs: ${together(labels)}`;
}

function together(labels: readonly string[]): string {
  const all = labels.map((label) => label.split(" ").map(partOf));
  const form = (parts: readonly Part[]) => parts.map(({ key, values }) => (values ? `${key}=` : key)).join(" ");
  if (new Set(all.map(form)).size > 1) return listed(labels, ", ");
  return listed(rectangles(all).map(textOf), ", ");
}

function partOf(word: string): Part {
  const at = word.indexOf("=");
  return at < 0 ? { key: word, values: null } : { key: word.slice(0, at), values: [word.slice(at + 1)] };
}

/** The same combinations in fewer groups: those that differ in one part only become one, the last part first. */
function rectangles(all: readonly Part[][]): Part[][] {
  const places = all[0]?.map((_, place) => place).toReversed() ?? [];
  return places.reduce<Part[][]>((found, place) => joined(found, place), [...all]);
}

function joined(all: readonly Part[][], place: number): Part[][] {
  const groups = new Map<string, Part[]>();
  for (const parts of all) {
    const key = JSON.stringify(parts.map((part, at) => (at === place ? null : part.values)));
    const own = parts[place]?.values;
    const former = groups.get(key);
    if (!own || !former) groups.set(key, former ?? parts);
    else {
      const values = [...new Set([...(former[place]?.values ?? []), ...own])];
      groups.set(key, former.with(place, { key: former[place]?.key ?? "", values }));
    }
  }
  return [...groups.values()];
}

const textOf = (parts: readonly Part[]): string =>
  parts.map(({ key, values }) => (values === null ? key : `${key}=${valuesText(values)}`)).join(" ");

function valuesText(values: readonly string[]): string {
  const numbers = values.map(Number).toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [numbers[0], numbers.at(-1)];
  const range = numbers.every(Number.isInteger) && high - low === values.length - 1 && values.length > 1;
  return range ? `${low}..${high}` : listed(values, ",");
}

function listed(values: readonly string[], separator: string): string {
  const more = values.length > MOST ? [`… (${values.length.toLocaleString("en-US")})`] : [];
  return [...values.slice(0, MOST), ...more].join(separator);
}
