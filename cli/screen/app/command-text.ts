/** A command of lor2c as a user would type it. */
export const commandText = (words: readonly string[]): string => ["lor2c", ...words.map(quoted)].join(" ");

const quoted = (word: string): string => (/^[\w@./:=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
