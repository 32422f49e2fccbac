import { homedir } from "node:os";
import envPaths from "env-paths";

/** The folder of downloaded data and of what was found out about models and rows; data/cache.py says the same. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const folder = environment.LOR2C_CACHE?.replace(/^~(?=\/|$)/, () => homedir());
  return folder || envPaths("lor2c", { suffix: "" }).cache;
}
