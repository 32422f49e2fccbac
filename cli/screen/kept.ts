/** Makes a result anew only if an input is another one than last time. Keeps the last result and its inputs. */
export function kept<Result>(): (inputs: readonly unknown[], make: () => Result) => Result {
  let last: { inputs: readonly unknown[]; result: Result } | null = null;
  return (inputs, make) => {
    const same = last?.inputs.length === inputs.length && last.inputs.every((input, i) => Object.is(input, inputs[i]));
    if (!last || !same) last = { inputs, result: make() };
    return last.result;
  };
}
