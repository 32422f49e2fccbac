/** For every command that opens the database. */
export const DB_OPTION = {
  type: "string",
  describe: "Database (default: LOR2C_DB, else results/lor2c.db)",
} as const;
