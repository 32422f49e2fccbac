/** Characters that are collected before they are written. */
const CHUNK = 64 * 1024;

/**
 * Writes lines at the pace of the reader, and stops when the reader has closed the pipe (`| head`). Needs no more
 * memory than one chunk, whatever the size of the result.
 */
export async function writeLines(lines: Iterable<string>, out: NodeJS.WriteStream = process.stdout): Promise<void> {
  let gone = false;
  const onError = () => {
    gone = true; // output.ts decides for the whole program whether the error matters
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
  // The callback is called when the text is written, or with an error when the reader closed the pipe.
  await new Promise<void>((done) => out.write(text, () => done()));
}
