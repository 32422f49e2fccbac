import type { ExaminedReport } from "../../protocol/messages.js";
import { formatCount, plural } from "../format.js";
import { formatBytes } from "../parts/bytes.js";
import { clip } from "../parts/fit.js";
import { oneLine } from "../parts/visible.js";
import { wrap } from "../parts/wrap.js";
import type { ExaminedSet, ExaminedSpec } from "./data.js";
import { firstRowLines } from "./first-rows.js";
import { sharedLines } from "./same-texts.js";
import { splitsTable } from "./splits-table.js";

/** Labels of runs that a set of rows is called after. */
const MOST_RUNS = 4;

/** What `lor2c data` prints: a block for each set of rows. Pure; lines fit into `width` columns except paths. */
export function dataText(view: ExaminedSpec, width: number): string {
  const { file, name, notes, sets, runs } = view;
  const several = sets.length === 1 ? "" : `, ${formatCount(sets.length)} different sets of rows`;
  const blocks = sets.map((set) => setLines(set, view, width).join("\n"));
  const noted = notes.flatMap((note) => remark("note", note, width));
  return `${[`${name}  (${file}): ${plural(runs, "run")}${several}`, ...noted, "", blocks.join("\n\n\n")].join("\n")}\n`;
}

function setLines({ cells, examined }: ExaminedSet, { sets, runs }: ExaminedSpec, width: number): string[] {
  const { report, problems, warnings } = examined;
  const title = sets.length === 1 ? [] : [...wrap(runsOf(cells, runs).split(" "), " ", width), ""];
  const remarks = [
    ...(report?.notes ?? []).flatMap((note) => remark("note", note, width)),
    ...warnings.flatMap((warning) => remark("warning", warning, width)),
    ...problems.flatMap((problem) => remark("refused", problem, width)),
  ];
  const [{ settings }] = cells;
  const body = report
    ? [
        ...factLines(report, settings.model.name, width),
        ...["", ...splitsTable(report, width)],
        ...sharedLines(report, width),
        ...["", ...firstRowLines(report, width)],
      ]
    : [];
  return [...title, ...body, ...(report && remarks.length > 0 ? [""] : []), ...remarks];
}

function runsOf(cells: ExaminedSet["cells"], runs: number): string {
  const labels = cells.map(({ label }) => oneLine(label));
  const more = labels.length > MOST_RUNS ? ` and ${formatCount(labels.length - MOST_RUNS)} more` : "";
  return `${formatCount(labels.length)} of ${plural(runs, "run")}: ${labels.slice(0, MOST_RUNS).join(", ")}${more}`;
}

function factLines(report: ExaminedReport, model: string, width: number): string[] {
  const used = report.columns.filter(({ used_as }) => used_as !== null);
  const unused = report.columns.filter(({ used_as }) => used_as === null).map(({ column }) => oneLine(column));
  const kind = {
    classify: "classes",
    regress: "values",
    multi_label: "several labels a row",
    language_model: "the tokens that count",
  }[report.kind];
  const facts: [string, string[]][] = [
    ["files", report.files.map((file) => [oneLine(file.path), ...about(file)].join("  "))],
    [
      "columns",
      wrap(
        used.map((one) => `${oneLine(one.column)}: ${one.used_as}`),
        ", ",
        width - 11,
      ),
    ],
    ["not used", wrap(unused, ", ", width - 11)],
    ["labels", [`${kind}; ${report.scores.join(", ")}; ${report.score} chooses the best epoch`]],
    ["tokenizer", [`that of ${oneLine(model)}; longer rows are cut at train.max_length ${report.max_length}`]],
  ];
  return facts.flatMap(([title, lines]) =>
    lines.filter(Boolean).map((line, index) => `${(index === 0 ? title : "").padEnd(11)}${line}`),
  );
}

const about = ({ format, encoding, bytes: size }: ExaminedReport["files"][number]): string[] => [
  [format, ...(encoding === null ? [] : [encoding]), formatBytes(size)].join(", "),
];

/** `kind: text` on as many lines as it takes, since people read and copy it. */
function remark(kind: string, text: string, width: number): string[] {
  return wrap(`${kind}: ${oneLine(text)}`.split(" "), " ", width).map((line) => clip(line, Math.max(width, 200)));
}
