import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { type Row, rowOf } from "./cells.js";
import { changes } from "./changes.js";

const readable = (text: string) => text.replaceAll("\u001b", "E");
const written = (before: string | undefined, after: string, columns = 12) =>
  readable(changes(before === undefined ? undefined : rowOf(before, columns), rowOf(after, columns), 3));

describe("cells of a line", () => {
  test("have the style that was set before them, however it is written", () => {
    const row = rowOf("a\u001b[1;38;5;78mb\u001b[39mc\u001b[22;7md\u001b[0me\u001b[48;2;1;2;3m\u001b[91mf\u001b[mg", 8);
    expect(row.texts.join("")).toBe("abcdefg ");
    expect(row.styles).toEqual(["", "1;38;5;78", "1", "7", "", "48;2;1;2;3;91", "", ""]);
  });
  test("a wide character takes two, marks none; what does not fit is cut whole", () => {
    expect(rowOf("a汉e\u0301b", 6).texts).toEqual(["a", "汉", "", "e\u0301", "b", " "]);
    expect(rowOf("abc汉", 4).texts).toEqual(["a", "b", "c", " "]);
    expect(rowOf("↔️x", 4).texts).toEqual(["↔️", "", "x", " "]);
  });
  test("fast characters are as wide as they are measured", () => {
    for (let code = 0x20; code < 0x2c00; code += code < 0x2000 && code > 0x400 ? 41 : 1) {
      const mark = String.fromCharCode(code);
      const width = stringWidth(mark);
      // An escape begins a code, and a mark without a character before it has no cell.
      if (code === 0x1b || width === 0) continue;
      if (rowOf(`${mark}.`, 4).texts.lastIndexOf(".") !== width) expect.soft(width, code.toString(16)).toBe(-1);
    }
  });
});

describe("what is written", () => {
  test("only the cells that changed", () => {
    expect(written("loss 0.1234", "loss 0.1239")).toBe("E[3;11H9");
    expect(written("same", "same")).toBe("");
  });
  test("changes near to each other in one piece, others apart", () => {
    expect(written("a-b---------", "A-B---------")).toBe("E[3;1HA-B");
    expect(written("a---------b-", "A---------B-")).toBe("E[3;1HAE[3;11HB");
  });
  test("blanks at the end by erasing", () => {
    expect(written("abcdef", "ab")).toBe("E[3;3HE[K");
    expect(written("abcdefghijkl", "ab")).toBe("E[3;3HE[K");
  });
  test("all of an unknown row, which is erased first", () => {
    expect(written(undefined, "ab")).toBe("E[3;1HE[Kab");
    expect(written(undefined, "")).toBe("E[3;1HE[K");
    expect(written(undefined, "abcdefghijkl")).toBe("E[3;1HE[Kabcdefghijkl");
  });
  test("another colour, and plain style at the end", () => {
    expect(written("abc", "a\u001b[38;5;78mb\u001b[0mc")).toBe("E[3;2HE[38;5;78mbE[m");
    expect(written("abc", "\u001b[1mab\u001b[0m\u001b[7mc\u001b[0m")).toBe("E[3;1HE[1mabE[0;7mcE[m");
  });
  test("a character that terminals draw differently wide is followed by where the next one belongs", () => {
    expect(written("", "a⚠️b")).toBe("E[3;1Ha  E[2G⚠️E[4Gb");
  });
});

/** A terminal that knows what `changes` writes. */
function applied(screen: Row, text: string): Row {
  const { texts, styles } = { texts: [...screen.texts], styles: [...screen.styles] };
  let [x, style] = [0, ""];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it reads
  for (const [mark, parameters, command] of text.matchAll(/\u001b\[([\d;]*)([HKGm])|[^\u001b]/gu)) {
    const numbers = (parameters ?? "").split(";");
    if (command === "H") x = Number(numbers[1]) - 1;
    else if (command === "G") x = Number(numbers[0]) - 1;
    else if (command === "m") style = (parameters ?? "").replace(/^0;?/, "");
    else if (command === "K") {
      texts.fill(" ", x);
      styles.fill(style, x);
    } else {
      const wide = stringWidth(mark);
      for (let at = 0; at < wide; at++) [texts[x + at], styles[x + at]] = [at === 0 ? mark : "", style];
      x += wide;
    }
  }
  return { texts, styles };
}

test("a terminal shows each of many rows after the one before it", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const piece = () =>
    `${["", "\u001b[7m", "\u001b[38;5;78m", "\u001b[1m"][random(4)]}${["ab", " ", "汉", "    ", "x─", "0.87"][random(6)]}\u001b[0m`;
  let [before, screen]: [Row | undefined, Row] = [undefined, rowOf("########################", 24)];
  for (let round = 0; round < 500; round++) {
    const after = rowOf(Array.from({ length: random(12) }, piece).join(""), 24);
    screen = applied(screen, changes(before, after, 1));
    expect(screen).toEqual(after);
    before = after;
  }
});
