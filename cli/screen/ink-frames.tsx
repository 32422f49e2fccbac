import { Box, renderToString, Text } from "ink";

/**
 * Lines laid out by Ink in so many columns. Ink gets no stream: it would write frames of its own, clear the scrollback
 * and listen for signals. It takes about 1 ms for a coloured line of 120 columns, so give it only those that changed.
 */
export function inkLines(lines: readonly string[], columns: number): string[] {
  if (lines.length === 0) return [];
  const frame = (
    <Box flexDirection="column" width={columns}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <Text key={index} wrap="truncate-end">
          {line === "" ? " " : line}
        </Text>
      ))}
    </Box>
  );
  return renderToString(frame, { columns }).split("\n");
}
