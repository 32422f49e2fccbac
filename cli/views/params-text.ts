import type { EventOf } from "../protocol/messages.js";
import { formatCount } from "./format.js";
import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";

export interface CountedCell {
  label: string;
  method: string;
  counted: EventOf<"counted">;
  /** The counts that papers print for this method on this model. */
  published?: readonly { where: string; params: string; withHead: boolean; note?: string | null }[];
}

type Part = EventOf<"counted">["parts"][number];

const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + part.count, 0);

/** Trainable parameters without the head, at the start and after all scheduled structural changes. */
export function totals(counted: EventOf<"counted">): { start: number; end: number } {
  const start = sum(counted.parts);
  return { start, end: start + sum(counted.changes) };
}

/** Shows runs with equal counts, e.g. of several seeds, once: the first in the order of the spec. */
export function paramsTexts(cells: readonly CountedCell[], all: boolean, width: number | null): string {
  const groups = new Map<string, CountedCell[]>();
  for (const cell of cells) {
    const { label: _, counted, ...rest } = cell;
    const { seq: __, index: ___, ...counts } = counted;
    const key = JSON.stringify([rest, counts]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()]
    .flatMap(([first, ...others]) => {
      if (!first) return [];
      const more = others.length === 0 ? "" : ` and ${formatCount(others.length)} more with the same counts`;
      return [paramsText({ ...first, label: `${first.label}${more}` }, all, width)];
    })
    .join("\n");
}

const COLUMNS: readonly TableColumn[] = [
  { key: "place", title: "", least: 24, long: "wrap" },
  { key: "count", title: "", align: "right" },
  { key: "formula", title: "", least: 24, long: "wrap" },
];

/** What `lor2c params` prints for one cell: each part with its formula, and the sums. */
export function paramsText(
  { label, method, counted, published = [] }: CountedCell,
  all: boolean,
  width: number | null,
): string {
  const { start, end } = totals(counted);
  // The paper's count is shown beside the number that it rounds: with the head, or what trains in the end.
  const beside = (withHead: boolean) =>
    published
      .filter((figure) => figure.withHead === withHead)
      .map(({ where, params, note }) => `paper, ${where}: ${params}${note ? ` (${note})` : ""}`)
      .join("; ");
  const rows: [string, string, string][] = folded(counted.parts, all).map((p) => [
    p.place,
    formatCount(p.count),
    p.formula,
  ]);
  const changes = counted.changes.length > 0;
  rows.push(["trainable, without the head", formatCount(start), changes ? "" : beside(false)]);
  for (const change of counted.changes) rows.push([change.place, formatCount(change.count), change.formula]);
  if (changes) rows.push(["after all changes of structure", formatCount(end), beside(false)]);
  rows.push(["head", formatCount(counted.head_parameters), ""]);
  rows.push(["base model with its head", formatCount(counted.total_parameters), beside(true)]);
  const table = tableLines(COLUMNS, rows, width === null ? null : width - 2);
  const head = prose(`${label}  (${method}; ${counted.shapes})`, width, "    ");
  return `${[...head, ...table.map((line) => `  ${line}`)].join("\n")}\n`;
}

/** `layer` of `layer 3`. Parts of different kinds may have the same formula. */
const kind = (part: Part) => part.place.split(" ")[0];

/** Folds equal parts into one row, because most layers of a model are alike; `all` keeps each. */
function folded(parts: readonly Part[], all: boolean): Part[] {
  if (all) return [...parts];
  const groups: Part[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    const alike = last?.[0] && last[0].formula === part.formula && kind(last[0]) === kind(part);
    if (last && alike) last.push(part);
    else groups.push([part]);
  }
  return groups.flatMap((group) => {
    const first = group[0];
    const last = group.at(-1);
    if (!first || !last || group.length === 1) return group;
    return [
      { place: `${first.place} ... ${last.place}`, formula: `${group.length} x (${first.formula})`, count: sum(group) },
    ];
  });
}
