import { getFingerprint, getSettings } from "../store/read.js";
import { type Fact, facts } from "./parts/facts.js";
import { loadEach, textOfEach, type View } from "./view.js";

export interface SettingsData {
  settings: Record<string, unknown>;
  fingerprint: Record<string, string>;
}

export const settings: View<SettingsData> = {
  load: loadEach((store, run) => ({
    settings: getSettings(store, run.id),
    fingerprint: getFingerprint(store, run.id),
  })),
  text: textOfEach(({ settings, fingerprint }) => {
    const prints = facts(Object.entries(fingerprint));
    return [...facts(flatten(settings, "")), ...(prints.length > 0 ? ["", ...prints] : [])].join("\n");
  }),
};

/** Dotted keys, as for `--set`. A list is one value. */
function flatten(value: unknown, key: string): Fact[] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) => flatten(inner, key === "" ? name : `${key}.${name}`));
  }
  return [[key, typeof value === "string" ? value : JSON.stringify(value)]];
}
