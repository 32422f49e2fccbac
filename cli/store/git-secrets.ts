/** Files whose content is left out of a stored difference, by the last part of their path. */
const SECRET_FILE =
  /^(.*\.env(\..*)?|\.envrc|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.htpasswd|.*\.(pem|key|p12|pfx|jks|keystore)|id_(rsa|dsa|ecdsa|ed25519))$/i;
/** The same by any part of it, so that folders count. */
const SECRET_PART = /secret|credential|password/i;
/** What may stand between a name and its value: a quote, a type (`key: str = `), blanks. */
const ASSIGNED = String.raw`["']?(?:\s*:\s*[\w.]+(?:\[[\w., |]*\])?(?:\s*\|\s*\w+)*(?=\s*=))?\s*[:=]\s*`;
/** A text in quotes with all its words, or a word. */
const VALUE = String.raw`(?:"[^"\n]+"|'[^'\n]+'|["']?[^\s"',;)]{6,})`;
/** Values behind a name that looks secret: `api_key = "..."`, `"password": "..."`, `HF_TOKEN=...`. */
const SECRET_VALUE = new RegExp(
  String.raw`((?:secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|(?:auth|access|api|hf|hub|bearer|refresh|session|github|gitlab)[_-]?token)\w*${ASSIGNED})${VALUE}`,
  "gi",
);
/** Values behind variables such as `WANDB_TOKEN`, without those of tokenizers. */
const SECRET_VARIABLE = new RegExp(
  String.raw`(\b(?!(?:PAD|EOS|BOS|UNK|SEP|CLS|MASK|IMAGE|START|END)_)[A-Z0-9_]+_TOKEN${ASSIGNED})${VALUE}`,
  "g",
);
/** Keys that services give out, known by how they begin, and the login of an address. */
const SECRET_SHAPES =
  /\b(hf_\w{16,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{12,}|sk-[\w-]{16,}|xox[abprs]-[\w-]{8,}|eyJ[\w-]{16,}\.[\w-]{8,}\.[\w-]+)|(?<=\bBearer )[\w.~+/-]{8,}|(?<=:\/\/)[^/@\s:]+:[^/@\s]+(?=@)/g;
const KEY_BLOCK =
  /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----|$(?![\s\S]))/g;

const HIDDEN = "***";

/**
 * A difference as git writes it, without what looks secret: the content of files named like secrets, private keys,
 * values behind names like `password`, and keys of known forms. What looks like none of these stays.
 */
export function withoutSecrets(diff: string): string {
  return diff
    .split(/^(?=diff --git )/m)
    .map((part) => (isSecret(part) ? contentLeftOut(part) : hide(part)))
    .join("");
}

function isSecret(part: string): boolean {
  const head = part.slice(0, part.indexOf("\n"));
  const path = head.replace(/^diff --git /, "").replace(/"?$/, "");
  return SECRET_PART.test(path) || SECRET_FILE.test(path.split("/").at(-1) ?? "");
}

function contentLeftOut(part: string): string {
  const start = part.search(/^(@@|Binary files)/m);
  return start < 0 ? part : `${part.slice(0, start)}(content left out: the file is named like a secret)\n`;
}

const hide = (text: string): string =>
  text
    .replace(KEY_BLOCK, HIDDEN)
    .replace(SECRET_VALUE, `$1${HIDDEN}`)
    .replace(SECRET_VARIABLE, `$1${HIDDEN}`)
    .replace(SECRET_SHAPES, HIDDEN);
