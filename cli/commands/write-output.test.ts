import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { writeOutput } from "./write-output.js";

test("a file is replaced as a whole or not at all", () => {
  const folder = tempFolder();
  const [file, link] = [join(folder, "a.svg"), join(folder, "link.svg")];
  writeFileSync(file, "old");
  chmodSync(file, 0o600);
  symlinkSync(file, link);
  writeOutput("new", link);
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(["a.svg", "link.svg"]);
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub", "b.svg"), "old");
  mkdirSync(join(folder, "sub", `b.svg.${process.pid}.tmp`)); // makes writing fail
  expect(() => writeOutput("new", join(folder, "sub", "b.svg"))).toThrow(/cannot write/);
  expect(readFileSync(join(folder, "sub", "b.svg"), "utf8")).toBe("old");
});

test("a folder that is missing is not made: it may be a typo", () => {
  const folder = tempFolder();
  expect(() => writeOutput("x", join(folder, "typo", "a.csv"))).toThrow(
    expect.objectContaining({
      message: `there is no folder ${join(folder, "typo")}`,
      hint: "make it first, or name another file with --output",
      exitCode: 2,
    }),
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("a pipe or a device is written into", () => {
  writeOutput("x", "/dev/null");
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(() => writeOutput("x", "/dev/full")).toThrow(/cannot write \/dev\/full: .*ENOSPC/);
});
