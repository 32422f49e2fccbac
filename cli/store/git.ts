import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { withoutSecrets } from "./git-secrets.js";

export interface GitState {
  commit: string;
  dirty: boolean;
  /** What differs from the commit in tracked files; null if nothing does, or git could not say it. */
  diff?: GitDiff | null;
}

export interface GitDiff {
  /** Of the whole difference, also where its text is not kept. */
  sha256: string;
  bytes: number;
  /** Without what looks secret; null if it is longer than `LONGEST`, or LOR2C_GIT_DIFF is 0. */
  text: string | null;
}

/** Bytes of the longest difference that is stored. */
const LONGEST = 256 << 10;
/** Bytes of a difference that is read at all. */
const MOST_READ = 64 << 20;

const known = new Map<string, GitState | null>();

/** What git says of the working folder; null outside a repository. git is asked once per folder and process. */
export function gitState(folder: string): GitState | null {
  if (!known.has(folder)) known.set(folder, askGit(folder));
  return known.get(folder) ?? null;
}

/** Asks now. */
export function askGit(folder: string): GitState | null {
  const git = (...args: string[]): Buffer =>
    execFileSync("git", args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 10_000,
      maxBuffer: MOST_READ,
    });
  try {
    const commit = git("rev-parse", "--verify", "HEAD").toString().trim();
    const dirty = git("status", "--porcelain", "--untracked-files=no").toString().trim() !== "";
    return { commit, dirty, diff: dirty ? diffOf(git) : null };
  } catch {
    return null;
  }
}

/** The same text whatever the user's configuration says of differences. */
const DIFF = ["diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--unified=3"];
const PREFIXES = ["--src-prefix=a/", "--dst-prefix=b/"];

function diffOf(git: (...args: string[]) => Buffer): GitDiff | null {
  try {
    const whole = git(...DIFF, ...PREFIXES);
    const kept = whole.length <= LONGEST && process.env.LOR2C_GIT_DIFF !== "0";
    return {
      sha256: createHash("sha256").update(whole).digest("hex"),
      bytes: whole.length,
      text: kept ? withoutSecrets(whole.toString("utf8")) : null,
    };
  } catch {
    return null; // longer than is read, or git took too long: the run matters more
  }
}
