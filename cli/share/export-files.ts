/** The files that an export can have, whoever wrote it: this command, peft, or transformers. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The file that says what a folder is. */
const CONFIGS: readonly string[] = ["adapter_config.json", "trained.json", "config.json"];
const FILES: ReadonlySet<string> = new Set([
  ...CONFIGS,
  ...["adapter_model.safetensors", "trained.safetensors"],
  ...["lor2c.json", "README.md", "generation_config.json"],
  ...["model.safetensors", "model.safetensors.index.json"],
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tekken.json"],
  ...["vocab.txt", "vocab.json", "merges.txt", "chat_template.jinja"],
  ...["tokenizer.model", "spm.model", "spiece.model", "sentencepiece.bpe.model"],
]);
/** Weights in several files. */
const PART = /^model-\d{5}-of-\d{5}\.safetensors$/;
/** A folder for those of a tokenizer that has several. */
const TEMPLATES = "additional_chat_templates";

/** Whether the entry `name` of `folder` belongs to an export. */
export function isOfExport(folder: string, name: string): boolean {
  const path = join(folder, name);
  if (!lstatSync(path).isDirectory()) return FILES.has(name) || PART.test(name);
  return name === TEMPLATES && readdirSync(path).every((inside) => inside.endsWith(".jinja"));
}

export const isConfig = (name: string): boolean => CONFIGS.includes(name);
