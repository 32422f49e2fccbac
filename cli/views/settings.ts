import { getFingerprint, getSettings } from "../store/read.js";
import { type Fact, facts } from "./parts/facts.js";
import { view } from "./view.js";

interface Data {
  settings: Record<string, unknown>;
  fingerprint: Record<string, string>;
}

export const settings = view<Data>({
  name: "settings",
  describe: "Every resolved setting, and the fingerprint of model and data",
  load: (store, run) => ({ settings: getSettings(store, run.id), fingerprint: getFingerprint(store, run.id) }),
  render({ settings, fingerprint }) {
    const lines = facts(flatten(settings, ""));
    const prints = facts(Object.entries(fingerprint));
    return [...lines, ...(prints.length > 0 ? ["", ...prints] : [])].join("\n");
  },
});

/** Dotted keys, as in a spec file's `--set`. Lists stay together: they are one value. */
function flatten(value: unknown, key: string): Fact[] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) => flatten(inner, key === "" ? name : `${key}.${name}`));
  }
  return [[key, typeof value === "string" ? value : JSON.stringify(value)]];
}
