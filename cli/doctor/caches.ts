import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ok, type Row } from "./row.js";

type Environment = Record<string, string | undefined>;

/** Where huggingface_hub keeps models, and whether it may download them. */
export function cacheRow(environment: Environment = process.env): Row {
  const home = environment.HF_HOME || join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const folder = environment.HF_HUB_CACHE || join(home, "hub");
  const facts = [
    existsSync(folder) ? folder : `${folder} (not there yet)`,
    ...(isTrue(environment.HF_HUB_OFFLINE) ? ["offline: HF_HUB_OFFLINE is set"] : []),
    ...(environment.HF_TOKEN ? ["HF_TOKEN is set"] : []),
  ];
  return ok("model cache", facts.join("; "));
}

const isTrue = (value: string | undefined): boolean => /^(1|true|yes|on)$/i.test(value ?? "");
