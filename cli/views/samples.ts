import type { ColumnType } from "../export/data-table.js";
import { countSamples, evaluationsOf, type SampleRow, samplesOf } from "../store/read.js";
import { formatCount, plural, shortId } from "./format.js";
import { dataColumn } from "./parts/data-column.js";
import { clip } from "./parts/fit.js";
import { prose } from "./parts/prose.js";
import { oneLine } from "./parts/visible.js";
import { loadEach, textOfEach, type View } from "./view.js";

/** Rows that are shown where no limit is given; JSON and CSV have them too. */
const SHOWN = 20;

interface SamplesData {
  /** Rows that the filter matches, and right ones among them. */
  rows: number;
  right: number;
  /** Evaluations that have them: a quick look and a longer one of the same benchmark score some rows twice. */
  matched_evaluations: number;
  matched_benchmarks: number;
  /** Evaluations of the run, whatever the filter. */
  evaluations: number;
  samples: SampleRow[];
}

export const samples: View<SamplesData> = {
  load: loadEach((store, run, { limit = SHOWN, ...filter }) => ({
    ...countSamples(store, run.id, filter),
    evaluations: evaluationsOf(store, run.id).length,
    samples: samplesOf(store, run.id, { ...filter, limit }),
  })),
  text: textOfEach(samplesText),
  table: (shown) => ({
    columns: [dataColumn("run", "text"), ...COLUMNS.map(([key, type]) => dataColumn(key, type))],
    rows: shown.flatMap(({ run, data }) => data.samples.map((row) => [run, ...COLUMNS.map(([key]) => row[key])])),
  }),
};

const COLUMNS = [
  ...["evaluation", "protocol", "benchmark", "task", "row"].map((key) => [key, "text"]),
  ...[
    ["right", "integer"],
    ["score", "real"],
  ],
  ...["gold", "output", "detail"].map((key) => [key, "text"]),
  ...[
    ["shots", "integer"],
    ["prompt_tokens", "integer"],
    ["new_tokens", "integer"],
    ["prompt_hash", "text"],
  ],
] as [keyof SampleRow, ColumnType][];

function samplesText(data: SamplesData, width: number | null): string {
  const { rows, right, matched_evaluations: of, matched_benchmarks: benchmarks, evaluations, samples: shown } = data;
  if (evaluations === 0) return "not evaluated yet: lor2c eval RUN --suite instruct";
  if (rows === 0) return "no scored row fits";
  const more = rows - shown.length;
  const head = `${plural(rows, "row")}${of > 1 ? ` of ${plural(of, "evaluation")}` : ""}, ${formatCount(right)} right`;
  const rest =
    more > 0 ? [`and ${formatCount(more)} more; --limit N shows more, --json and --format csv whole outputs`] : [];
  const blocks = shown.flatMap((row) => block(row, of > benchmarks, width));
  return [...prose(head, width), "", ...blocks, ...rest.flatMap((text) => prose(text, width))].join("\n");
}

/** One row: where it is from (`named`: with its evaluation), then what the model said beside what is right. */
function block(row: SampleRow, named: boolean, width: number | null): string[] {
  const verdict = row.right === 1 ? "right" : row.score > 0 ? `score ${row.score.toFixed(2)}` : "wrong";
  const of = row.task === row.benchmark ? row.benchmark : `${row.benchmark}, ${row.task}`;
  const from = [of, row.protocol, ...(named ? [`evaluation ${shortId(row.evaluation)}`] : [])].join(", ");
  const lines = [
    `${verdict.padEnd(5)}  ${row.row}  (${from})`,
    `       output  ${quoted(row.output)}`,
    ...(row.gold === null ? [] : [`       gold    ${quoted(row.gold)}`]),
    ...(row.detail === null ? [] : [`       ${oneLine(row.detail)}`]),
  ];
  return [...lines.map((line) => clip(line, width)), ""];
}

/** With its line breaks and outer blanks, which decide what is right. */
const quoted = (text: string): string => oneLine(JSON.stringify(text));
