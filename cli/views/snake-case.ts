/**
 * Objects with keys as the database spells them, at every depth. Only for objects whose keys are property names: keys
 * that users chose (metrics, packages) would be changed too.
 */
export function snakeCaseKeys(value: object): object {
  return convert(value) as object;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeCase(key), convert(item)]));
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
