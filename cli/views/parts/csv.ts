/** One record of RFC 4180, without the line end. Null is an empty field. */
export function csvRecord(values: readonly unknown[]): string {
  return values.map(field).join(",");
}

function field(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
