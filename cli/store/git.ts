import { execFileSync } from "node:child_process";

export interface GitState {
  commit: string;
  dirty: boolean;
}

const known = new Map<string, GitState | null>();

/** Commit and dirty flag of the working folder; null outside a repository. git is asked once per folder and process. */
export function gitState(folder: string): GitState | null {
  if (!known.has(folder)) known.set(folder, ask(folder));
  return known.get(folder) ?? null;
}

function ask(folder: string): GitState | null {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
  try {
    const commit = git("rev-parse", "--verify", "HEAD").trim();
    return { commit, dirty: git("status", "--porcelain", "--untracked-files=no").trim() !== "" };
  } catch {
    return null;
  }
}
