/**
 * Text that Markdown shows as it is: no emphasis, link, code, formula, entity or HTML, and a pipe does not end the cell
 * of a table.
 */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_[\]<>|~$&]/g, "\\$&");
}
