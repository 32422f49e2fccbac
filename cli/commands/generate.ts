import type { Devices } from "../spec/devices.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { devicesOption } from "./devices-option.js";
import { counted, numbered } from "./number-options.js";
import { sayWaits } from "./say-waits.js";

interface Args {
  run: string;
  prompt?: string | undefined;
  template?: "none" | "alpaca" | "chat" | undefined;
  chat?: boolean | undefined;
  "max-new-tokens"?: number | undefined;
  temperature?: number | undefined;
  "top-p"?: number | undefined;
  seed?: number | undefined;
  devices?: Devices | undefined;
  json: boolean;
  db?: string | undefined;
}

export default {
  command: "generate <run>",
  describe: "Continue a text with a finished run's adapter, or with an untuned model",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe:
          "A run (id, @last, @best), or a model: a packaged name, a name on the hub, a folder that begins with ./",
      })
      .option("prompt", { type: "string", describe: "The text; without it, standard input is read" })
      .option("template", {
        choices: ["none", "alpaca", "chat"] as const,
        describe: "What is put around the prompt. Default: what the run was trained with, none for an untuned model",
      })
      // no default: yargs treats a default as given when it checks for conflicts
      .option("chat", { type: "boolean", describe: "The same as --template chat", conflicts: "template" })
      .option("max-new-tokens", {
        type: "string",
        describe: "The most tokens that are generated. Default: 256",
        coerce: counted("max-new-tokens"),
      })
      .option("temperature", {
        type: "string",
        describe: "0: the most probable token each time; above, tokens are sampled. Default: 0",
        coerce: numbered("temperature", (value) => value >= 0, "a number from 0 on"),
      })
      .option("top-p", {
        type: "string",
        describe: "Sample only from the most probable tokens that have this share together",
        coerce: numbered("top-p", (value) => value > 0 && value <= 1, "a share above 0, at most 1"),
      })
      .option("seed", {
        type: "string",
        describe: "Seed of sampling. Default: 0",
        coerce: counted("seed", 0),
      })
      .option("devices", devicesOption("Where to generate", "auto"))
      .option("json", {
        type: "boolean",
        default: false,
        describe: "Print the text and what it took as JSON, at the end",
      })
      .option("db", DB_OPTION)
      .example("$0 generate @last --prompt 'Name three colours.'", "As the run was trained to answer")
      .example("$0 generate smollm2-135m --prompt 'Once upon a time' --temperature 0.8", "An untuned model, sampled")
      .example("cat question.txt | $0 generate 3fa9 --chat", "The prompt from a file, in the model's chat template"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut(args: Args): Promise<void> {
  const { UsageError } = await import("../errors.js");
  const { temperature = 0, seed = 0 } = args;
  const sampling = (["top-p", "seed"] as const).find((name) => args[name] !== undefined);
  if (sampling && temperature === 0) {
    throw new UsageError("USAGE", `--${sampling} goes with --temperature above 0`, "at 0 no token is sampled");
  }
  const prompt = args.prompt ?? (await readPrompt());
  if (prompt.trim() === "") throw new UsageError("NO_TEXT", "the prompt is empty", 'give --prompt "..."');
  const [{ findSubject }, { resolveDbPath }, { generateText }, { EXECUTORS }, output, { visible }, { generatedNote }] =
    await Promise.all([
      import("../evaluate/subject.js"),
      import("../store/store.js"),
      import("../evaluate/generate-text.js"),
      import("../executors/index.js"),
      import("../views/output.js"),
      import("../views/parts/visible.js"),
      import("../views/generated.js"),
    ]);
  const subject = findSubject(resolveDbPath(args.db), args.run);
  const template = args.chat ? "chat" : (args.template ?? subject.template);
  const unread = new AbortController();
  process.stdout.once("error", () => unread.abort()); // as of a closed pipe; the program's own listener tells it
  const show = (piece: string) => output.writeColoured(process.stdout.isTTY ? visible(piece) : piece);
  const { text, end } = await generateText({
    subject,
    executor: EXECUTORS.local({}),
    devices: args.devices ?? "auto",
    asked: {
      ...{ prompt, template, temperature, seed, top_p: args["top-p"] ?? null },
      max_new_tokens: args["max-new-tokens"] ?? 256,
    },
    onText: args.json ? () => {} : show,
    unread: unread.signal,
  });
  if (args.json) output.writeJson({ run: subject.run, model: subject.model, template, prompt, text, ...end });
  else {
    output.writeLine();
    output.writeNote(generatedNote(end, template));
  }
  if (end.reason === "stopped" && !unread.signal.aborted) process.exitCode = 130;
}

async function readPrompt(): Promise<string> {
  const { UsageError } = await import("../errors.js");
  if (process.stdin.isTTY) throw new UsageError("NO_TEXT", "no prompt", 'give --prompt "...", or pipe a text into it');
  const { text } = await import("node:stream/consumers");
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
