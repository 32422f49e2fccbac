import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WorkerCommand, WorkerEvent } from "../cli/protocol/messages.js";
import { packageFile } from "../cli/spec/package-files.js";
import { pythonMessages } from "./python-messages.js";

const text = pythonMessages();

test("messages.py is up to date (npm run generate)", () => {
  expect(readFileSync(packageFile("python-worker", "lor2c_worker", "messages.py"), "utf8")).toBe(text);
});

test("line 1 says that it is generated, and from which file", () => {
  expect(text.split("\n")[0]).toContain("GENERATED from cli/protocol/messages.ts by `npm run generate`");
});

test("every message and every field has its place", () => {
  const options = [...WorkerCommand.options, ...WorkerEvent.options];
  expect(text.match(/^ {4}type: ClassVar/gm)).toHaveLength(options.length);
  for (const option of options) {
    const name = option.shape.type.value;
    const body = text.split(`type: ClassVar[Literal["${name}"]] = "${name}"\n`)[1]?.split("\n\n")[0] ?? "";
    const fields = [...body.matchAll(/^ {4}(\w+): /gm)].map((match) => match[1]);
    expect(fields).toEqual(Object.keys(option.shape).filter((key) => key !== "type"));
  }
});
