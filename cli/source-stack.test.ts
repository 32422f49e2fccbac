import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { PROGRAM } from "./fixtures/program.js";
import { sourceStack } from "./source-stack.js";
import { packageFile } from "./spec/package-files.js";

const lineOf = (file: string, text: string): number =>
  readFileSync(file, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1;

test("a stack of the bundle names the sources", () => {
  const text = 'process.on("uncaughtException"';
  const url = pathToFileURL(PROGRAM).href;
  const stack = `Error: x\n    at main (${url}:${lineOf(PROGRAM, text)}:2)\n    at node:internal/y:1:2`;
  const line = lineOf(packageFile("cli", "main.ts"), text);
  expect(sourceStack(stack)).toMatch(
    new RegExp(`^Error: x\\n {4}at main \\(cli/main\\.ts:${line}:\\d+\\)\\n {4}at node:internal/y:1:2$`),
  );
});

test("a file without a map keeps its place", () => {
  const stack = "Error: x\n    at f (file:///no/such/file.js:1:2)";
  expect(sourceStack(stack)).toBe(stack);
});
