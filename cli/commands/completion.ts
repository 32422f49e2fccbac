import { basename } from "node:path";
import type { Command } from "./command.js";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

interface Args {
  shell?: Shell | undefined;
}

export default {
  command: "completion [shell]",
  describe: "Print a script that completes verbs, options, runs, experiments and spec keys in your shell",
  builder: (yargs) =>
    yargs
      .positional("shell", { choices: SHELLS, describe: "Default: the shell that SHELL names" })
      .example("$0 completion bash >> ~/.bashrc", "Enable completion in every new bash")
      .example("$0 completion fish > ~/.config/fish/completions/lor2c.fish", "The same for fish"),
  handler: async ({ shell }) => {
    const [{ UsageError }, { writeLine }] = await Promise.all([import("../errors.js"), import("../views/output.js")]);
    const name = shell ?? SHELLS.find((known) => known === basename(process.env.SHELL ?? ""));
    if (name === undefined) {
      throw new UsageError(
        "SHELL_UNKNOWN",
        "SHELL does not name a shell that lor2c can complete in",
        `Name one: ${SHELLS.join(", ")}.`,
      );
    }
    writeLine(SCRIPTS[name]);
  },
} satisfies Command<Args>;

/**
 * Each script sets SHELL, because yargs answers in the format of that shell, and the login shell may be another one.
 */
const SCRIPTS: Record<Shell, string> = {
  // Words come from the line, since bash splits them at `@`, `=` and `:` and replaces only what follows the last of these.
  // `compgen -W` would carry out `$(...)` in a stored name; a loop only compares.
  bash: `_lor2c() {
  local line=\${COMP_LINE:0:COMP_POINT} reply prefix= breaks=\${COMP_WORDBREAKS//[^@=:]/}
  local -a words
  read -a words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local word=\${words[\${#words[@]}-1]}
  [[ -n $breaks ]] && prefix=\${word%"\${word##*[$breaks]}"}
  COMPREPLY=()
  while IFS= read -r reply; do
    [[ -n $reply && $reply == "$word"* ]] || continue
    [[ $reply == *= ]] && compopt -o nospace 2>/dev/null
    printf -v reply %q "\${reply#"$prefix"}"
    COMPREPLY+=("$reply")
  done < <(SHELL=bash lor2c --get-completions "\${words[@]}" 2>/dev/null)
}
complete -o bashdefault -o default -F _lor2c lor2c`,
  zsh: `_lor2c() {
  local -a reply
  reply=("\${(@f)$(SHELL=zsh lor2c --get-completions "\${words[@]}" 2>/dev/null)}")
  if [[ -n "$reply" ]]; then _describe lor2c reply; else _default; fi
}
compdef _lor2c lor2c`,
  fish: `complete -c lor2c -a '(SHELL=fish lor2c --get-completions (commandline -opc) (commandline -ct) 2>/dev/null)'`,
};
