import { getFingerprint, getSettings } from "../store/read.js";
import { dataColumn, RUN_COLUMNS } from "./parts/data-column.js";
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
  text: textOfEach(({ settings, fingerprint }, width) => {
    const prints = facts(Object.entries(fingerprint), width);
    return [...facts(flatten(settings, ""), width), ...(prints.length > 0 ? ["", ...prints] : [])].join("\n");
  }),
  table: (shown) => ({
    columns: [...RUN_COLUMNS, dataColumn("key", "text"), dataColumn("value", "text")],
    rows: shown.flatMap(({ run, label, data: { settings, fingerprint } }) =>
      [...flatten(settings, ""), ...Object.entries(fingerprint)].map(([key, value]) => [run, label, key, value]),
    ),
  }),
};

/** Dotted keys, as for `--set`. A list is one value. */
function flatten(value: unknown, key: string): Fact[] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) => flatten(inner, key === "" ? name : `${key}.${name}`));
  }
  return [[key, typeof value === "string" && !readsOtherwise(value) ? value : JSON.stringify(value)]];
}

/** Whether a text without quotes would be read as nothing, or as another value: empty, `null`, `12`, ` x`. */
function readsOtherwise(text: string): boolean {
  return text.trim() !== text || text === "" || /^(null|~|true|false|[-+.]?\d[\d_.e+-]*)$/i.test(text);
}
