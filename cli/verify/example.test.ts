/** The workflow that users copy: valid YAML whose commands exist. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { verbOf } from "../commands/command.js";
import { commands } from "../commands/index.js";

interface Workflow {
  on: Record<string, unknown>;
  jobs: Record<string, { env: Record<string, string>; steps: { run?: string; uses?: string }[] }>;
}

test("the workflow of GitHub Actions is valid, and so are the commands in it and in the text beside it", () => {
  const workflow: Workflow = parse(readFileSync("examples/github-actions/verify.yml", "utf8"), { strict: true });
  expect(Object.keys(workflow.on)).toContain("pull_request");
  const [job] = Object.values(workflow.jobs);
  expect(job?.steps.every(({ run, uses }) => (run === undefined) !== (uses === undefined))).toBe(true);
  const text = [
    ...(job?.steps.flatMap(({ run }) => run ?? []) ?? []),
    readFileSync("examples/github-actions/README.md", "utf8"),
  ];
  const verbs = text.join("\n").matchAll(/^ *lor2c ([a-z]+)/gm);
  const known = commands.map(verbOf);
  const used = [...verbs].map(([, verb]) => verb);
  expect(used).toEqual(expect.arrayContaining(["setup", "doctor", "verify", "run", "reference"]));
  expect(used.filter((verb) => !known.includes(verb ?? ""))).toEqual([]);
  const line = job?.steps.find(({ run }) => run?.startsWith("lor2c verify"))?.run ?? "";
  for (const name of ["SPEC", "REFERENCE"]) {
    expect(line).toContain(`"$${name}"`);
    expect(job?.env[name]).toBeDefined();
  }
});
