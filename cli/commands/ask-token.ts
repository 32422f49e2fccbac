/** Asks for a token on the terminal, whose keys are not shown. Throws UsageError without a terminal, or if none is given. */
export async function askToken(mayAsk: boolean, endpoint: string, signal: AbortSignal): Promise<string> {
  const [{ createInterface }, { Writable }, { UsageError }, { isInteractive }, { writeStatus }] = await Promise.all([
    import("node:readline"),
    import("node:stream"),
    import("../errors.js"),
    import("../views/terminal.js"),
    import("../views/output.js"),
  ]);
  if (!mayAsk || !isInteractive()) {
    throw new UsageError(
      "NO_TOKEN",
      `there is no token for ${endpoint}`,
      `set HF_TOKEN to one that may write (${endpoint}/settings/tokens), or log in with hf auth login`,
    );
  }
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true });
  // Only now, when the terminal no longer shows keys by itself.
  writeStatus(`Token for ${endpoint} that may write (not shown, not stored): `);
  try {
    const token = await new Promise<string>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      // Readline takes the terminal's Ctrl-C for itself.
      lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    });
    if (token.trim() === "") throw new UsageError("NO_TOKEN", "no token was given", "nothing was written or uploaded");
    return token.trim();
  } finally {
    lines.close();
    writeStatus("");
  }
}
