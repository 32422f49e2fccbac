import type { z } from "zod";
import { ProtocolError } from "../errors.js";
import { PROTOCOL_VERSION, type WorkerCommand, WorkerEvent } from "./messages.js";

/** The most bytes of a line. The longest real one, an event that names 10,000 runs of a bundle, is below 300 kB. */
export const LINE_LIMIT = 8 * 1024 * 1024;
const SHOWN = 120;
const NEWLINE = 0x0a;

export const encodeCommand = (command: WorkerCommand): string => `${JSON.stringify(command)}\n`;

/** An event, and the offset of the stream after its line, from which a later reader continues. */
export interface Received {
  event: WorkerEvent;
  end: number;
}

/**
 * The events of a byte stream, one per line. Reads only when the consumer asks for the next event, so that a flood of
 * events waits in the pipe and not in memory. Throws a ProtocolError on the first line that is not an event.
 */
export async function* readEvents(
  stream: AsyncIterable<Uint8Array>,
  limit: number = LINE_LIMIT,
): AsyncGenerator<Received> {
  for await (const { line, end } of splitLines(stream, limit)) {
    const text = decodeUtf8(line);
    if (text.trim() !== "") yield { event: decodeEvent(text), end };
  }
}

async function* splitLines(
  stream: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<{ line: Uint8Array; end: number }> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let behind = 0;
  const add = (part: Uint8Array) => {
    if (part.length === 0) return;
    parts.push(part);
    length += part.length;
    if (length > limit) {
      throw problem("PROTOCOL_LINE_TOO_LONG", `a line is longer than ${limit} bytes`, startOf(Buffer.concat(parts)));
    }
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      behind += length + 1;
      yield { line: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts), end: behind };
      parts = [];
      length = 0;
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) {
    throw problem("PROTOCOL_HALF_LINE", "the output ended in the middle of a line", startOf(Buffer.concat(parts)));
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a whole line, so that a character split over two chunks is whole again. */
function decodeUtf8(line: Uint8Array): string {
  try {
    return strictUtf8.decode(line);
  } catch {
    throw problem("PROTOCOL_NOT_JSON", "a line is not UTF-8", startOf(line));
  }
}

/** Throws a ProtocolError that shows the line's start and what is wrong with it. */
export function decodeEvent(line: string): WorkerEvent {
  const value = parseJson(line);
  checkVersion(value);
  const result = WorkerEvent.safeParse(value);
  if (result.success) return result.data;
  const type = (value as { type?: unknown } | null)?.type;
  const known = WorkerEvent.options.some((option) => option.shape.type.value === type);
  if (!known) throw problem("PROTOCOL_UNKNOWN_EVENT", `unknown event type ${JSON.stringify(type) ?? "(none)"}`, line);
  throw problem("PROTOCOL_SHAPE", `a ${type} event of the wrong shape: ${describeIssues(result.error)}`, line);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, SHOWN) : String(error);
    throw problem("PROTOCOL_NOT_JSON", `a line is not JSON (${reason})`, line);
  }
}

/** Called before the shape is checked, because another version's handshake may have another shape. */
function checkVersion(value: unknown): void {
  const { type, protocol } = (value ?? {}) as { type?: unknown; protocol?: unknown };
  if (type !== "ready" || typeof protocol !== "number" || protocol === PROTOCOL_VERSION) return;
  throw new ProtocolError(
    "PROTOCOL_VERSION",
    `the worker speaks protocol ${protocol}, this lor2c speaks protocol ${PROTOCOL_VERSION}`,
    "Runner and worker come from different versions. Run `npm run setup` (in a checkout) or `lor2c setup`.",
  );
}

const describeIssues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".") || "(line)"}: ${issue.message}`)
    .join("; ");

const startOf = (line: Uint8Array): string => new TextDecoder().decode(line.subarray(0, 4 * SHOWN));

function problem(code: string, what: string, line: string): ProtocolError {
  const characters = [...line.slice(0, 2 * SHOWN)].slice(0, SHOWN).join("");
  const rest = line.length > characters.length ? "..." : "";
  // As JSON, so that control characters of a garbage line do not reach the terminal.
  return new ProtocolError(
    code,
    `the worker broke the protocol: ${what}\n  line: ${JSON.stringify(characters)}${rest}`,
  );
}
