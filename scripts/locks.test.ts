import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { packageFile } from "../cli/spec/package-files.js";

const read = (...path: string[]): string => readFileSync(packageFile(...path), "utf8");
const lines = (name: string): string[] =>
  read("python-worker", name)
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));

describe("the locks of the worker's environment", () => {
  const worker = lines("requirements.lock");
  const dev = lines("requirements-dev.lock");

  test("pin everything exactly: no ranges, hashes, local versions or addresses", () => {
    expect(worker.length).toBeGreaterThan(30);
    expect(dev[0]).toBe("-r requirements.lock");
    const pin = /^[a-z0-9-]+==\d[\w.]*( ; (sys_platform|platform_machine) (==|in) "[^"]+")?$/;
    for (const line of [...worker, ...dev.slice(1)]) expect(line).toMatch(pin);
    expect([...worker, ...dev].join("\n")).not.toMatch(/\+|--hash|@|:\/\//);
  });

  test("leave it to pip which build of torch a machine gets", () => {
    expect(worker).toContain("torch==2.13.0");
    expect(worker.join("\n")).not.toMatch(/nvidia|^cuda|^triton/m);
  });

  test("name nothing twice", () => {
    const names = [...worker, ...dev.slice(1)].map((line) => line.split("==")[0]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("have what pyproject.toml requires", () => {
    const project = read("python-worker", "pyproject.toml");
    const wanted = /^dependencies = \[([\s\S]*?)^\]/m.exec(project)?.[1] ?? "";
    const names = [...wanted.matchAll(/"([\w-]+)/g)]
      .map((match) => `${match[1]}==`)
      .filter((name) => name !== "lor2c-peft=="); // from a folder beside the worker's
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(worker.join("\n")).toContain(name);
    expect(worker.join("\n")).toContain("gguf=="); // an extra that set-up installs
  });
});

describe("npm's files", () => {
  const lock = JSON.parse(read("package-lock.json"));
  const manifest = JSON.parse(read("package.json"));

  test("no package names its registry, so that any registry or mirror can serve the lock", () => {
    const entries = Object.entries<{ integrity?: string; resolved?: string }>(lock.packages).slice(1);
    expect(entries.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    for (const [path, { integrity }] of entries) expect(integrity, path).toMatch(/^sha512-/);
  });

  test("every install script is allowed or denied explicitly", () => {
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ""));
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...new Set(scripted)].sort());
  });

  test("the lock fits this package.json", () => {
    for (const key of ["version", "dependencies", "devDependencies", "engines"]) {
      expect(lock.packages[""][key]).toEqual(manifest[key]);
    }
  });
});
