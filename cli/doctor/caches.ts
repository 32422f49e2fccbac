import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../worker/cache-folder.js";
import { ok, type Row, warn } from "./row.js";
import { whyNotWritable } from "./writable.js";

type Environment = Record<string, string | undefined>;

/** Where downloads go, of this program and of huggingface_hub. Runs that need none work without either. */
export function cacheRows(environment: Environment = process.env): Row[] {
  return [dataRow(environment), modelRow(environment)];
}

function dataRow(environment: Environment): Row {
  const folder = cacheFolder(environment);
  const problem = whyNotWritable(folder);
  if (problem === undefined) return ok("data cache", shown(folder));
  const advice =
    "Name another folder with LOR2C_CACHE; until then data can't be downloaded, and nothing is remembered.";
  return warn("data cache", `${folder}: ${problem}`, advice);
}

/** Where huggingface_hub keeps models, and whether it may download them. */
function modelRow(environment: Environment): Row {
  const home = environment.HF_HOME || join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const folder = environment.HF_HUB_CACHE || join(home, "hub");
  const offline = isTrue(environment.HF_HUB_OFFLINE);
  const facts = [
    shown(folder),
    ...(offline ? ["offline: HF_HUB_OFFLINE is set"] : []),
    ...(environment.HF_TOKEN ? ["HF_TOKEN is set"] : []),
  ];
  const problem = offline ? undefined : whyNotWritable(folder);
  if (problem === undefined) return ok("model cache", facts.join("; "));
  const advice = "Name another folder with HF_HOME; until then models of a hub can't be downloaded.";
  return warn("model cache", [...facts, problem].join("; "), advice);
}

const shown = (folder: string): string => (existsSync(folder) ? folder : `${folder} (not there yet)`);
const isTrue = (value: string | undefined): boolean => /^(1|true|yes|on)$/i.test(value ?? "");
