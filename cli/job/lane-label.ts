/** The most values that a label lists. */
const MOST = 8;

/** `3 runs: merges=0..2 injections=1` for labels of one form; else the first of them. */
export function laneLabel(labels: readonly string[]): string {
  const [only] = labels;
  if (labels.length === 1 && only !== undefined) return only;
  return `${labels.length.toLocaleString("en-US")} runs: ${together(labels)}`;
}

function together(labels: readonly string[]): string {
  const words = labels.map((label) => label.split(" ").map((word) => word.split("=")));
  const form = (parts: string[][]) => parts.map(([key, value]) => (value === undefined ? key : `${key}=`)).join(" ");
  const [first] = words;
  if (!first) return "";
  const wanted = form(first);
  if (words.some((parts) => form(parts) !== wanted)) return listed(labels, ", ");
  return first
    .map(([key, value], i) => {
      if (value === undefined) return key;
      return `${key}=${valuesOf([...new Set(words.map((parts) => parts[i]?.[1] ?? ""))])}`;
    })
    .join(" ");
}

function valuesOf(values: readonly string[]): string {
  const numbers = values.map(Number).toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [numbers[0], numbers.at(-1)];
  const range = numbers.every(Number.isInteger) && high - low === values.length - 1 && values.length > 1;
  return range ? `${low}..${high}` : listed(values, ",");
}

function listed(values: readonly string[], separator: string): string {
  const more = values.length > MOST ? [`… (${values.length.toLocaleString("en-US")})`] : [];
  return [...values.slice(0, MOST), ...more].join(separator);
}
