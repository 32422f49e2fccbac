/** Tags, notes and baselines: what users say about runs. None of it changes a run's id or numbers. */
import { UsageError } from "../errors.js";
import { getRun } from "./read-runs.js";
import type { RunRow } from "./rows.js";
import { findRun } from "./selector.js";
import type { Store } from "./store.js";

/** Characters of a tag. Letters and digits of any script, so that a tag needs no quotes in a shell or in `--where`. */
const TAG = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._+-]{0,63}$/u;
/** Characters of a note. Line breaks and tabs are allowed, what would move a cursor or turn the text is not. */
const NOT_IN_NOTES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern is to match them
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const LONGEST_NOTE = 10_000;

/** The tag as it is stored, in one Unicode form. Throws UsageError if it cannot be a tag, or if it names a run. */
export function checkTag(store: Store, text: string): string {
  const tag = text.normalize("NFC");
  if (!TAG.test(tag)) {
    const hint = "a tag is 1 to 64 letters, digits or . _ + - and begins with a letter or digit; runs come after it";
    throw new UsageError("TAG_INVALID", `${JSON.stringify(text)} cannot be a tag`, hint);
  }
  if (isRun(store, tag)) {
    throw new UsageError("TAG_INVALID", `${tag} is a run, so it cannot be a tag`, "the tag comes first, then runs");
  }
  return tag;
}

function isRun(store: Store, word: string): boolean {
  if (!/^[0-9a-f]{4,}$/i.test(word)) return false;
  try {
    findRun(store, word);
    return true;
  } catch (error) {
    return (error as UsageError).code === "RUN_AMBIGUOUS";
  }
}

/** Returns how many of the runs did not have the tag before. */
export function addTag(store: Store, tag: string, runs: readonly string[]): number {
  const now = new Date().toISOString();
  return store.write(() => {
    const add = store.prepare(
      "INSERT OR IGNORE INTO run_tags (run, tag, at) SELECT id, @tag, @now FROM runs WHERE id = @run",
    );
    return runs.reduce((sum, run) => sum + add.run({ run, tag, now }).changes, 0);
  });
}

/** Returns how many runs had it. `runs` null: all runs. */
export function removeTag(store: Store, tag: string, runs: readonly string[] | null): number {
  const remove = store.prepare(
    "DELETE FROM run_tags WHERE tag = @tag AND (@runs IS NULL OR run IN (SELECT value FROM json_each(@runs)))",
  );
  return store.write(() => remove.run({ tag, runs: runs && JSON.stringify(runs) }).changes);
}

interface TagRow {
  tag: string;
  runs: number;
  /** When a run last got it. */
  at: string;
}

/** Every tag, in the order of the alphabet. */
export const tags = (store: Store): TagRow[] =>
  store
    .prepare("SELECT tag, count(*) AS runs, max(at) AS at FROM run_tags GROUP BY tag ORDER BY tag")
    .all() as TagRow[];

/** Throws UsageError if the text cannot be a note. */
export function checkNote(text: string): string {
  const note = text.replace(/\r\n?/g, "\n").trim();
  const found = NOT_IN_NOTES.exec(note);
  if (found) {
    const code = note.charCodeAt(found.index).toString(16).toUpperCase().padStart(4, "0");
    throw new UsageError("NOTE_INVALID", `the note has U+${code}, which is not text`, "leave it out");
  }
  if (note === "") throw new UsageError("NOTE_INVALID", "the note is empty", "--clear takes a note away");
  if (note.length > LONGEST_NOTE) {
    throw new UsageError("NOTE_INVALID", `the note has ${note.length} characters`, `at most ${LONGEST_NOTE} fit`);
  }
  return note;
}

/** `text` null takes the note away. */
export function setNote(store: Store, run: string, text: string | null): void {
  store.write(() => {
    store.prepare("DELETE FROM run_notes WHERE run = ?").run(run);
    if (text === null) return;
    store.prepare("INSERT INTO run_notes (run, text, at) VALUES (?, ?, ?)").run(run, text, new Date().toISOString());
  });
}

/** Makes a run the baseline of its model, task and rows. Returns the run that was it before, or null. */
export function setBaseline(store: Store, run: RunRow): RunRow | null {
  return store.write(() => {
    const former = baselines(store).find((one) => sameGroup(one, run)) ?? null;
    if (former?.id === run.id) return former;
    if (former) store.prepare("DELETE FROM baselines WHERE run = ?").run(former.id);
    store.prepare("INSERT INTO baselines (run, at) VALUES (?, ?)").run(run.id, new Date().toISOString());
    return former;
  });
}

/** Returns how many there were. `run` null: all. */
export function clearBaselines(store: Store, run: string | null): number {
  const clear = store.prepare("DELETE FROM baselines WHERE @run IS NULL OR run = @run");
  return store.write(() => clear.run({ run }).changes);
}

/** The baselines, newest first: one of each model, task and rows. */
export function baselines(store: Store): RunRow[] {
  const ids = store.prepare("SELECT run FROM baselines ORDER BY at DESC, run").pluck().all() as string[];
  return ids.flatMap((id) => getRun(store, id) ?? []);
}

const sameGroup = (a: RunRow, b: RunRow): boolean =>
  a.model === b.model && a.task === b.task && a.own_rows === b.own_rows;
