import type { DashboardCell } from "./dashboard-state.js";

/** Runs that train as one have one entry: their steps, losses and times are the same. */
export interface CellGroup {
  /** The first of them, with a label for all. */
  cell: DashboardCell;
  runs: number;
}

/** Cells whose newest progress was told of them together, in the order of the plan. Pure. */
export function groupCells(cells: readonly DashboardCell[]): CellGroup[] {
  const groups = new Map<string, DashboardCell[]>();
  for (const cell of cells) {
    const key = cell.together.includes(cell.id) ? cell.together.join(" ") : cell.id;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const label = group.length === 1 ? first.label : `${group.length} runs: ${labelOf(group.map((one) => one.label))}`;
    return [{ cell: { ...first, label }, runs: group.length }];
  });
}

/** `merges=0..2 injections=1` for labels of one form; else those that there is room for. */
function labelOf(labels: readonly string[]): string {
  const words = labels.map((label) => label.split(" ").map((word) => word.split("=")));
  const form = (parts: string[][]) => parts.map(([key, value]) => (value === undefined ? key : `${key}=`)).join(" ");
  const [first] = words;
  if (!first || words.some((parts) => form(parts) !== form(first))) return labels.join(", ");
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
  return range ? `${low}..${high}` : values.join(",");
}
