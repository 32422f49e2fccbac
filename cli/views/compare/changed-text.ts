import { shortId } from "../format.js";
import { clip } from "../parts/fit.js";
import { prose } from "../parts/prose.js";
import { tableLines } from "../parts/table.js";
import { oneLine } from "../parts/visible.js";
import type { Change, Changed, ChangeOf } from "./changed.js";
import type { Leaf } from "./flatten.js";
import { leafText, NOT_KNOWN } from "./values.js";

const TITLES: Record<ChangeOf, string> = {
  setting: "setting",
  content: "content",
  environment: "where it ran",
  package: "package",
  variable: "variable",
};

const LEAST_VALUE = 16;
const HEADS = [
  { key: "key", title: "what changed", least: 20, long: "apart" as const },
  { key: "from", title: "A", least: LEAST_VALUE },
  { key: "to", title: "B", least: LEAST_VALUE },
];

/** A line for each difference, in the order of the kinds; the two runs are A and B. */
export function changedLines({ from, to, changes, unknown }: Changed, width: number | null): string[] {
  const kinds = [...new Set(changes.map(({ of }) => of))];
  const rows = kinds.flatMap((of, at) => [
    ...(at === 0 ? [] : [["", "", ""]]),
    ...changes.filter((change) => change.of === of).map(changeTexts),
  ]);
  const title = (name: string, { run, label }: Changed["from"]) => {
    const text = `${name}  ${shortId(run)}  ${oneLine(label)}`;
    return width === null ? text : clip(text, width);
  };
  const nothing = "nothing differs in settings, contents of files and where they ran";
  return [
    title("A", from),
    title("B", to),
    "",
    ...(rows.length === 0 ? prose(nothing, width) : tableLines(HEADS, rows, width)),
    ...(unknown === null ? [] : prose(`not known: ${unknown}`, width)),
  ];
}

function changeTexts({ of, key, from, to }: Change): string[] {
  const name = of === "setting" ? key : `${TITLES[of]}: ${key}`;
  return [name, sideText(of, from), sideText(of, to)];
}

/** Of a long hash its beginning says enough. Only settings are of several types, which must not look alike. */
function sideText(of: ChangeOf, value: Leaf | undefined): string {
  if (of !== "setting" && value === null) return NOT_KNOWN;
  if (of === "setting" || typeof value !== "string" || value === "") return leafText(value);
  const [, hash] = /^(?:sha256:)?([0-9a-f]{12})[0-9a-f]{20,}$/.exec(value) ?? [];
  return hash === undefined ? value : `${hash}…`;
}
