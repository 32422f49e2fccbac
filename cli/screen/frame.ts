/** A whole screen of panes with their titles. Pure. */
import type { Place } from "./layout.js";
import { fitLine, type Line, lineWidth, type Span } from "./line.js";

/** A pane that is drawn: its lines, and the words of its frame. */
export interface Drawn {
  place: Place;
  /** From 1, the key that moves the focus there; null: there is none. */
  number: number | null;
  title: string;
  focused: boolean;
  lines: readonly Line[];
}

/** Lines of exactly `columns`; panes that stand side by side are parted by a bar. */
export function frameOf(top: readonly Line[], panes: readonly Drawn[], bottom: Line, columns: number, rows: number) {
  const frame: Line[] = top.map((line) => fitLine(line, columns));
  for (let row = top.length; row < rows - 1; row++) {
    const here = panes
      .filter(({ place }) => place.row <= row && row < place.row + place.rows)
      .sort((a, b) => a.place.column - b.place.column);
    frame.push(
      fitLine(
        here.flatMap((pane, index) => [...(index > 0 ? [BAR] : []), ...pieceOf(pane, row)]),
        columns,
      ),
    );
  }
  return [...frame, fitLine(bottom, columns)].slice(0, rows);
}

const BAR: Span = { text: "│", role: "dim" };

function pieceOf({ place, lines, ...head }: Drawn, row: number): Line {
  const at = row - place.row;
  return at === 0 ? titleLine(head, place.columns) : fitLine(lines[at - 1] ?? [], place.columns);
}

function titleLine({ number, title, focused }: Pick<Drawn, "number" | "title" | "focused">, columns: number): Line {
  const words: Span[] = [
    { text: "─", role: focused ? "accent" : "dim" },
    {
      text: `${focused ? "▸" : " "}${number === null ? "" : `${number} `}${title} `,
      role: focused ? "accent" : "title",
      bold: focused,
    },
  ];
  const room = columns - lineWidth(words);
  if (room < 0) return fitLine(words, columns);
  return [...words, { text: "─".repeat(room), role: focused ? "accent" : "dim" }];
}
