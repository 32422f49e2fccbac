/**
 * The value of a setting by its dotted key, undefined where there is none. A key within may have dots itself, such as a
 * module in `method.config.rank_pattern`.
 */
export function settingAt(settings: unknown, path: string): unknown {
  if (settings === null || typeof settings !== "object") return undefined;
  if (Object.hasOwn(settings, path)) return settings[path as keyof typeof settings];
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const key = path.slice(0, dot);
    if (!Object.hasOwn(settings, key)) continue;
    const found = settingAt(settings[key as keyof typeof settings], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
