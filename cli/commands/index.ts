import baseline from "./baseline.js";
import clone from "./clone.js";
import type { Command } from "./command.js";
import compare from "./compare.js";
import completion from "./completion.js";
import curves from "./curves.js";
import data from "./data.js";
import doctor from "./doctor.js";
import evaluate from "./eval.js";
import explain from "./explain.js";
import exportCommand from "./export.js";
import exportAdapter from "./export-adapter.js";
import gc from "./gc.js";
import generate from "./generate.js";
import heatmap from "./heatmap.js";
import init from "./init.js";
import logs from "./logs.js";
import ls from "./ls.js";
import migrate from "./migrate.js";
import note from "./note.js";
import paper from "./paper.js";
import params from "./params.js";
import pareto from "./pareto.js";
import plan from "./plan.js";
import predict from "./predict.js";
import query from "./query.js";
import reference from "./reference.js";
import report from "./report.js";
import restore from "./restore.js";
import retry from "./retry.js";
import rm from "./rm.js";
import run from "./run.js";
import schema from "./schema.js";
import setup from "./setup.js";
import show from "./show.js";
import stop from "./stop.js";
import sweep from "./sweep.js";
import tag from "./tag.js";
import untag from "./untag.js";
import validate from "./validate.js";
import verify from "./verify.js";
import watch from "./watch.js";

/**
 * Every verb, in the order of `lor2c --help`. These modules contain only a command's options. A handler imports what it
 * needs itself; otherwise `lor2c --help` would load SQLite, ink and zod.
 */
const list = [
  init,
  validate,
  data,
  plan,
  params,
  run,
  sweep,
  stop,
  retry,
  watch,
  ls,
  show,
  compare,
  heatmap,
  curves,
  pareto,
  logs,
  predict,
  evaluate,
  generate,
  exportAdapter,
  verify,
  reference,
  paper,
  query,
  exportCommand,
  report,
  tag,
  untag,
  note,
  baseline,
  clone,
  rm,
  restore,
  gc,
  migrate,
  doctor,
  setup,
  explain,
  schema,
  completion,
];

// Each module has its own type of arguments, which yargs checks when it parses; the list has no common type.
export const commands = list as unknown as readonly Command[];
