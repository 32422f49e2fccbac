import stringWidth from "string-width";

export type Fact = [name: string, value: string | null];

/**
 * `name  value` lines with the values under each other; facts without a value are left out.
 * Never cut: people copy paths and messages from here.
 */
export function facts(list: readonly Fact[]): string[] {
  const known = list.filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== "");
  const names = Math.max(0, ...known.map(([name]) => stringWidth(name)));
  return known.map(([name, value]) => `${name}${" ".repeat(names - stringWidth(name))}  ${value}`);
}
