/** Names of licences that the Hugging Face hub takes in a card, from its page on licences (docs/hub/repositories-licenses). */
import { nearest } from "./suggest.js";

const LICENSES: readonly string[] = [
  ...["apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0"],
  ...["bigcode-openrail-m", "openrail++", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause"],
  ...["bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0"],
  ...["cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0"],
  ...["cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"],
  ...["cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0"],
  ...["etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1"],
  ...["lgpl-3.0", "lgpl-lr", "isc", "lppl-1.3c", "ms-pl", "mpl-2.0", "odc-by", "odbl", "osl-3.0", "postgresql"],
  ...["ofl-1.1", "ncsa", "unlicense", "zlib", "pddl", "deepfloyd-if-license", "apple-ascl", "apple-amlr"],
  ...["fair-noncommercial-research-license", "h-research", "intel-research", "gemma"],
  ...["llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4", "unknown", "other"],
];

/** Why the hub would refuse a licence; undefined if it would not. */
export function licenseProblem(name: string): string | undefined {
  if (LICENSES.includes(name)) return undefined;
  const [wanted, known] = [bare(name), new Map(LICENSES.map((license) => [bare(license), license]))];
  const names = [...known.keys()];
  const near = names.find((one) => wanted.length > 2 && one.startsWith(wanted)) ?? nearest(wanted, names);
  const hint =
    near === undefined
      ? "write its name there, such as apache-2.0, mit or cc-by-4.0"
      : `did you mean \`${known.get(near)}\`?`;
  return `the hub knows no licence ${JSON.stringify(name)}: ${hint} (other stands for any that it lacks)`;
}

/** Letters and figures alone: people write `apache2`, `GPLv3` and `CC BY 4.0`. */
const bare = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9+]/g, "")
    .replace(/v(?=\d)/, "");
