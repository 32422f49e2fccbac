/** @typedef {[number, number, number]} Version */

/** @param {string} text @returns {Version} */
function parse(text) {
  const [major = "0", minor = "0", patch = "0"] = text.replace(/^v/, "").split(/[-+]/)[0]?.split(".") ?? [];
  return [Number(major) || 0, Number(minor) || 0, Number(patch) || 0];
}

/** @param {Version} a @param {Version} b */
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/**
 * Whether a version is in a range such as `^20.19.0 || ^22.12.0 || >=24.0.0 <27.0.0`: the forms that package.json files
 * use for Node (`^`, `~`, comparisons, `20.x`, `*`). No package does this here, because set-up runs before any is installed.
 * @param {string} version @param {string} range
 */
export function satisfies(version, range) {
  const found = parse(version);
  return range.split("||").some((part) =>
    part
      .trim()
      .replace(/([<>=^~])\s+/g, "$1")
      .split(/\s+/)
      .every((term) => matches(found, term)),
  );
}

/** @param {Version} found @param {string} term */
function matches(found, term) {
  const [, operator = "", text = ""] = /^(>=|<=|>|<|=|\^|~)?v?(.*)$/.exec(term) ?? [];
  if (text === "" || /^[x*]/.test(text)) return true;
  const wanted = parse(text.replace(/[x*]/g, "0"));
  const order = compare(found, wanted);
  const given = text.split(".").filter((digits) => /^\d/.test(digits)).length;
  switch (operator) {
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0;
    case "<":
      return order < 0;
    case "^": // our majors are never 0
      return order >= 0 && found[0] === wanted[0];
    case "~":
      return order >= 0 && found[0] === wanted[0] && (given < 2 || found[1] === wanted[1]);
    default: // 20, 20.x, 20.19.x, 20.19.0
      return [0, 1, 2].slice(0, given).every((index) => found[index] === wanted[index]);
  }
}
