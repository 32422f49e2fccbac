import { attempts } from "./attempts.js";
import { curves } from "./curves.js";
import { runSummary } from "./run-summary.js";
import { settings } from "./settings.js";
import { timeline } from "./timeline.js";
import type { View } from "./view.js";

/** The first is shown when none is named. */
export const VIEWS: readonly View[] = [runSummary, curves, attempts, settings, timeline];
