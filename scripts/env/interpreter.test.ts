import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../cli/fixtures/temp-folder.js";
import { whyBroken } from "./interpreter.mjs";

/** An environment whose interpreter is a program of another folder, as `python -m venv` makes one. */
function environment(): { base: string; folder: string; interpreter: string } {
  const place = tempFolder();
  const [base, folder] = [join(place, "python3.11"), join(place, ".venv")];
  copyFileSync("/bin/sh", base);
  mkdirSync(join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "lib", "python3.11", "site-packages"), { recursive: true });
  symlinkSync(base, join(folder, "bin", "python3"));
  symlinkSync("python3", join(folder, "bin", "python"));
  return { base, folder, interpreter: join(folder, "bin", "python") };
}

describe.skipIf(process.platform === "win32")("an environment of the worker", () => {
  test("that works, and one that was never made", () => {
    expect(whyBroken(environment().folder)).toBeUndefined();
    expect(whyBroken(join(tempFolder(), ".venv"))).toBeUndefined();
  });

  test("whose interpreter is gone: where its links led", () => {
    const { base, folder, interpreter } = environment();
    rmSync(base);
    expect(whyBroken(folder)).toBe(`${folder} is there, but its interpreter is gone (-> ${base})`);
    rmSync(interpreter);
    expect(whyBroken(folder)).toBe(`${folder} is there, but its interpreter is missing (${interpreter})`);
    symlinkSync("python", interpreter);
    expect(whyBroken(folder)).toBe(`${folder} is there, but its interpreter is a link to itself`);
  });

  test("whose interpreter is a folder, or may not be executed", () => {
    const { base, folder } = environment();
    chmodSync(base, 0o644);
    expect(whyBroken(folder)).toBe(`${folder} is there, but its interpreter may not be executed`);
    rmSync(base);
    mkdirSync(base);
    expect(whyBroken(folder)).toBe(`${folder} is there, but its interpreter is a folder`);
  });

  test("whose interpreter is of another version than its packages", () => {
    const { base, folder } = environment();
    const newer = join(base, "..", "python3.13");
    copyFileSync("/bin/sh", newer);
    rmSync(join(folder, "bin", "python3"));
    symlinkSync(newer, join(folder, "bin", "python3"));
    expect(whyBroken(folder)).toBe(
      `${folder} is there, but its interpreter is Python 3.13 now (-> ${newer}), while its packages are for 3.11`,
    );
  });

  test("that is a file, or a link to nowhere", () => {
    const folder = join(tempFolder(), ".venv");
    writeFileSync(folder, "");
    expect(whyBroken(folder)).toBe(`${folder} is a file, not an environment`);
    rmSync(folder);
    symlinkSync("/no/such/place", folder);
    expect(whyBroken(folder)).toBe(`${folder} is gone (-> /no/such/place)`);
  });
});
