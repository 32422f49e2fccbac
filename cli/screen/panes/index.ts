/** Every pane of the full screen, in the order of their numbers: a new one is a file or folder here and a line. */
import type { DeviceReading } from "../data.js";
import type { Pane } from "../pane.js";
import { runsPane } from "./runs/index.js";

export const PANES = [runsPane] as readonly unknown[] as readonly Pane[];
export const deviceWords = (_devices: readonly DeviceReading[], _now: number): string => "";
