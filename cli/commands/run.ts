import { type Command, files } from "./command.js";
import { sayWaits } from "./say-waits.js";
import { type TrainArgs, trainOptions, trainSpec } from "./train-spec.js";

export default {
  command: "run <file>",
  describe: "Train the remaining runs of a spec; a run that is stored as finished is not trained again",
  complete: files,
  builder: (yargs) =>
    trainOptions(yargs)
      .example("$0 run configs/quickstart.yaml", "Train; run it again to train what remains")
      .example("$0 run spec.yaml --set seed=1 --jobs auto", "Another seed, on all cores")
      .example("$0 run spec.yaml --json | jq 'select(.type == \"summary\")'", "For programs"),
  handler: (args) => sayWaits(args.json, () => trainSpec(args, args.set)),
} satisfies Command<TrainArgs>;
