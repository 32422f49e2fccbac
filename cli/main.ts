#!/usr/bin/env node
import { forgetFalseCi } from "../scripts/env/terminal.mjs";
import { Lor2cError } from "./errors.js";
import { complete, createParser } from "./parser.js";
import { sourceStack } from "./source-stack.js";
import { explainSystemError } from "./system-errors.js";
import { surviveLostOutput, writeError, writeMessage } from "./views/output.js";

/** The scripts of `lor2c completion` call this, followed by the words of the command line. */
const COMPLETE = "--get-completions";

const asKnown = (error: unknown): Lor2cError | undefined =>
  error instanceof Lor2cError ? error : explainSystemError(error);

/** An error without an explanation keeps its stack. */
function unexpected(error: unknown): Lor2cError {
  const message = error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error);
  return new Lor2cError("INTERNAL", message, "This is a defect of lor2c; please report it.");
}

function report(error: unknown, args: string[]): void {
  const { code, message, hint, exitCode } = asKnown(error) ?? unexpected(error);
  process.exitCode = exitCode;
  if (args.includes("--json")) {
    writeMessage(JSON.stringify({ error: { code, message, hint: hint ?? null } }));
    return;
  }
  const lines = [message, ...(hint ? hint.split("\n").map((line) => `  ${line}`) : [])];
  writeError(`lor2c: ${lines.join("\n")}`);
}

async function main(args: string[]): Promise<void> {
  forgetFalseCi();
  surviveLostOutput((error) => report(error, args));
  // A callback threw. Exit at once, so that no broken process keeps a worker.
  process.on("uncaughtException", (error) => {
    report(error, args);
    process.exit();
  });
  try {
    if (args[0] === COMPLETE) await complete(args.slice(1));
    else await createParser(args).parseAsync();
  } catch (error) {
    report(error, args);
  }
}

await main(process.argv.slice(2));
