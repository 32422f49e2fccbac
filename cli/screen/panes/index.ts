/** Every pane of the full screen, in the order of their numbers: a new one is a file or folder here and a line. */
import type { Pane } from "../pane.js";
import { alertsPane } from "./alerts/index.js";
import { chartsPane } from "./charts/index.js";
import { devicesPane } from "./devices/index.js";
import { gridPane } from "./grid/index.js";
import { logPane } from "./log/index.js";
import { runsPane } from "./runs/index.js";
import { structurePane } from "./structure/index.js";

export { deviceWords } from "./devices/words.js";

/** Each pane gets back only the state that it gave, so their different types don't matter here. */
export const PANES = [
  gridPane,
  structurePane,
  runsPane,
  chartsPane,
  logPane,
  devicesPane,
  alertsPane,
] as readonly unknown[] as readonly Pane[];
