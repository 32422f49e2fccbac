/** Round numbers for the axes of charts of text. */

/** What stays of binary fractions after a multiplication: `3 * 0.1`. */
const exact = (value: number): number => Number(value.toPrecision(12)) + 0;

/** Multiples of 1, 2 or 5 times a power of ten that enclose `low` to `high`: as many as possible, at most `most`, which is 3 or more. */
export function enclosingTicks(low: number, high: number, most: number): number[] {
  for (let power = Math.floor(Math.log10((high - low) / most)) - 1; ; power++) {
    for (const digit of [1, 2, 5]) {
      const step = exact(digit * 10 ** power);
      const from = Math.floor(exact(low / step));
      const count = Math.ceil(exact(high / step)) - from + 1;
      if (count <= most) return Array.from({ length: count }, (_, i) => exact((from + i) * step));
    }
  }
}

/** The same multiples, but within `low` to `high`, and with steps of at least `least`. Often none if `most` is small. */
export function innerTicks(low: number, high: number, most: number, least: number): number[] {
  for (let power = Math.floor(Math.log10(Math.max(least, (high - low) / most))) - 1; ; power++) {
    for (const digit of [1, 2, 5]) {
      const step = exact(digit * 10 ** power);
      if (step < least) continue;
      const from = Math.ceil(exact(low / step));
      const count = Math.floor(exact(high / step)) - from + 1;
      if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, i) => exact((from + i) * step));
    }
  }
}

/** Digits with a tick in each decade of a logarithmic axis, from many to few. */
const DIGITS = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 5],
  [1, 2, 5],
  [1, 3],
];

/** Ticks of a logarithmic axis that enclose `low` to `high`: the most that `fits` allows. Both are above 0. */
export function enclosingLogTicks(low: number, high: number, fits: (ticks: readonly number[]) => boolean): number[] {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  for (const digits of DIGITS) {
    const all = decades(from, to, 1).flatMap((power) => digits.map((digit) => exact(digit * 10 ** power)));
    const first = all.findLastIndex((tick) => tick <= low);
    const ticks = all.slice(Math.max(0, first), all.findIndex((tick) => tick >= high) + 1);
    if (fits(ticks)) return ticks;
  }
  for (let every = 1; ; every++) {
    const ticks = decades(from, to, every).map((power) => exact(10 ** power));
    if (ticks.length <= 2 || fits(ticks)) return ticks;
  }
}

/** Powers of ten that enclose `from` to `to`, in steps of `every`. */
const decades = (from: number, to: number, every: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / every) + 1 }, (_, i) => from + i * every);

/** Texts with the same decimals, so that they line up; very large and very small ones with an exponent. */
export function tickTexts(ticks: readonly number[]): string[] {
  const same = (text: string, value: number) => Math.abs(Number(text) - value) <= 1e-9 * Math.abs(value);
  if (ticks.every((tick) => Math.abs(tick) < 1e6)) {
    for (let decimals = 0; decimals <= 5; decimals++) {
      if (ticks.every((tick) => same(tick.toFixed(decimals), tick))) return ticks.map((tick) => tick.toFixed(decimals));
    }
  }
  for (let digits = 0; ; digits++) {
    const texts = ticks.map((tick) => tick.toExponential(digits).replace("e+", "e"));
    if (digits === 9 || texts.every((text, i) => same(text, ticks[i] ?? 0))) return texts;
  }
}
