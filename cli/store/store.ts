import { closeSync, openSync, readFileSync, readSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { UsageError } from "../errors.js";
import { identityOf, statOf } from "../files.js";
import { checkFolder, makeFolder } from "./folder.js";
import { migrate, refuse, schemaState } from "./migrate.js";
import { ResultsFolder } from "./results-folder.js";
import { isBusy, storeError } from "./store-errors.js";

/** Milliseconds that a writer waits for another writer. */
const BUSY_TIMEOUT = 30_000;
const FOLDER_HINT = "make it, or name another file with --db";

export interface OpenOptions {
  /** Takes no write lock, makes no file, migrates nothing. */
  readonly?: boolean;
  /** With `readonly`: accept a database with an older schema, for SQL that users write themselves. */
  anySchema?: boolean;
}

/** An open database file. read.ts lists the readers, write.ts the writers; there is no SQL outside cli/store. */
export class Store {
  readonly #statements = new Map<string, Database.Statement>();
  /** What is left to do once the open transaction is committed. */
  #afterwards: (() => void)[] = [];
  readonly results: ResultsFolder;
  /** Identity of the file that was opened. A job checks it, see in-place.ts. */
  readonly identity: string;
  /** Size of the log (-wal) after the last write. */
  logBytes = 0;
  rescued: string | undefined;

  constructor(
    readonly db: Database.Database,
    /** Absolute path of the file. */
    readonly path: string,
    readonly readonly: boolean,
    /** The copy that was made before opening the file changed its schema. */
    readonly backup: string | null = null,
  ) {
    this.results = new ResultsFolder(dirname(path));
    this.identity = identityOf(path);
  }

  /** The folder of the database. */
  get folder(): string {
    return this.results.path;
  }

  /** Prepares each statement once per connection. SQLite's errors become errors for users. */
  prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#explained(() => this.db.prepare(sql));
      for (const name of ["run", "get", "all"] as const) {
        const own = statement[name].bind(statement);
        statement[name] = (...values: unknown[]) => this.#explained(() => own(...values)) as never;
      }
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /** Runs `work` in one transaction that holds the write lock from its start. Never await inside. */
  write<T>(work: () => T): T {
    if (this.db.inTransaction) return this.#explained(() => this.db.transaction(work)());
    this.#afterwards = [];
    const result = this.#explained(() => this.db.transaction(work).immediate());
    this.logBytes = statOf(`${this.path}-wal`)?.size ?? 0;
    for (const afterwards of this.#afterwards.splice(0)) afterwards();
    return result;
  }

  /** Like `write`, but returns false at once, without waiting, if another process holds the write lock. */
  tryWrite(work: () => void): boolean {
    const patience = this.db.pragma("busy_timeout", { simple: true }) as number;
    this.busyTimeout = 0;
    try {
      this.write(work);
      return true;
    } catch (error) {
      if (!isBusy(error)) throw error;
      return false;
    } finally {
      this.busyTimeout = patience;
    }
  }

  /** For work that cannot be undone, called inside `write`: it runs after the commit, and never without one. */
  afterCommit(work: () => void): void {
    this.#afterwards.push(work);
  }

  /** Changes when another connection has written to the file. */
  version(): number {
    return this.db.pragma("data_version", { simple: true }) as number;
  }

  /** How long a statement waits for another process. It blocks this whole process meanwhile. */
  set busyTimeout(milliseconds: number) {
    this.db.pragma(`busy_timeout = ${milliseconds}`);
  }

  close(): void {
    this.db.close();
  }
}

/** `--db`, then LOR2C_DB, then results/lor2c.db under the working folder. Absolute. */
export function resolveDbPath(flag?: string): string {
  return resolve(flag || process.env.LOR2C_DB || join("results", "lor2c.db"));
}

/**
 * Opens the database of `path`; makes and migrates it unless `readonly`.
 * Throws UsageError if the path cannot be a database of lor2c, Lor2cError if the file cannot be used.
 */
export function openStore(path: string, options: OpenOptions = {}): Store {
  const file = fileOf(path);
  try {
    return options.readonly ? openReadonly(file, options.anySchema ?? false) : openForWriting(file);
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Opens a database for a command that changes what is stored: a missing one is an error here, and is not made. */
export function openExisting(path: string): Store {
  openStore(path, { readonly: true }).close();
  return openStore(path);
}

/** Throws what opening `path` for writing would throw, for a caller that opens it later. Changes nothing. */
export function checkStore(path: string): void {
  const file = fileOf(path);
  checkFolder(dirname(file), FOLDER_HINT);
  if (!statOf(file)) return;
  try {
    const db = connectReadonly(file);
    try {
      refuse(schemaState(db), db, file);
    } finally {
      db.close();
    }
  } catch (error) {
    throw storeError(error, file);
  }
}

function fileOf(path: string): string {
  const file = resolve(path);
  let found: Stats | undefined;
  try {
    found = statOf(file);
  } catch (error) {
    throw new UsageError("DATABASE_CANNOT_OPEN", `${file} cannot be opened: ${(error as Error).message}`);
  }
  if (found?.isDirectory()) {
    throw new UsageError("NOT_A_DATABASE", `${file} is a folder`, `name the file, e.g. --db ${join(path, "lor2c.db")}`);
  }
  if (found && !found.isFile()) {
    throw new UsageError("NOT_A_DATABASE", `${file} is a device or a pipe, not a file`, "name a file with --db");
  }
  return file;
}

function openReadonly(file: string, anySchema: boolean): Store {
  if (!statOf(file)) {
    throw new UsageError(
      "DATABASE_MISSING",
      `there is no database ${file}`,
      "lor2c run makes it; --db or LOR2C_DB names another",
    );
  }
  const db = connectReadonly(file);
  try {
    const state = schemaState(db);
    if (state === "empty") throw new UsageError("NOT_A_DATABASE", `${file} is empty`, "lor2c run fills it");
    refuse(state, db, file);
    if (state === "older" && !anySchema) {
      throw new UsageError(
        "DATABASE_OLDER",
        `${file} was written by an older lor2c`,
        "lor2c migrate upgrades it, with a back-up",
      );
    }
    return new Store(db, file, true);
  } catch (error) {
    db.close();
    throw error;
  }
}

function connectReadonly(file: string): Database.Database {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT });
    db.prepare("SELECT count(*) FROM sqlite_master").get();
    return db;
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    // A WAL database in a folder that we may not write: SQLite cannot make its shared-memory file. Nobody is writing
    // when there is no log beside it, so a copy in memory is the same thing.
    if (!/^SQLITE_(CANTOPEN|READONLY)/.test(code) || !isQuietWal(file)) throw error;
    const bytes = readFileSync(file);
    bytes.fill(1, 18, 20); // header: file format "rollback journal" instead of "WAL", which memory does not have
    return new Database(bytes, { readonly: true });
  }
}

function isQuietWal(file: string): boolean {
  if ((statOf(`${file}-wal`)?.size ?? 0) > 0) return false;
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, header, 0, 20, 0);
  } finally {
    closeSync(descriptor);
  }
  return header[18] === 2;
}

function openForWriting(file: string): Store {
  makeFolder(dirname(file), FOLDER_HINT);
  const db = new Database(file, { timeout: BUSY_TIMEOUT });
  try {
    // Lets `rm` shrink the file without rewriting it. Only works before the first table is made.
    if (schemaState(db) === "empty") db.pragma("auto_vacuum = INCREMENTAL");
    else refuse(schemaState(db), db, file);
    switchToWal(db);
    db.pragma("synchronous = NORMAL");
    db.pragma("foreign_keys = ON");
    const { backup } = migrate(db, file);
    return new Store(db, file, false, backup);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** When processes start together, changing the journal mode can fail as busy at once, whatever the timeout is. */
function switchToWal(db: Database.Database): void {
  const deadline = Date.now() + BUSY_TIMEOUT;
  for (;;) {
    try {
      db.pragma("journal_mode = WAL");
      return;
    } catch (error) {
      const busy = (error as { code?: string }).code?.startsWith("SQLITE_BUSY") ?? false;
      if (!busy || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
