/** Characters that are gathered before they are written. */
const CHUNK = 64 * 1024;

/**
 * Writes lines at the pace of the reader, and stops asking for more when the reader has gone (`| head`). A result of
 * any size takes no more memory than a chunk.
 */
export async function writeLines(lines: Iterable<string>, out: NodeJS.WriteStream = process.stdout): Promise<void> {
  let gone = false;
  const onError = () => {
    gone = true; // what kind of error it is, and whether it matters, output.ts decides for the whole program
  };
  out.on("error", onError);
  try {
    let chunk = "";
    for (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK) continue;
      await flush(out, chunk);
      if (gone) return;
      chunk = "";
    }
    await flush(out, chunk);
  } finally {
    out.off("error", onError);
  }
}

async function flush(out: NodeJS.WriteStream, text: string): Promise<void> {
  if (text === "") return;
  // The callback comes when the text has been handed on, or with the error when the reader has gone.
  await new Promise<void>((done) => out.write(text, () => done()));
}
