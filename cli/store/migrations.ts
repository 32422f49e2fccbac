import { m001Initial } from "./migrations/m001_initial.js";
import { m002Scores } from "./migrations/m002_scores.js";
import { m003Grid } from "./migrations/m003_grid.js";
import { m004Bundles } from "./migrations/m004_bundles.js";
import { m005Owners } from "./migrations/m005_owners.js";
import { m006Forecasts } from "./migrations/m006_forecasts.js";
import { m007Stop } from "./migrations/m007_stop.js";
import { m008Numerics } from "./migrations/m008_numerics.js";
import { m009Surroundings } from "./migrations/m009_surroundings.js";
import { m010Direction } from "./migrations/m010_direction.js";
import { m011RealEpochs } from "./migrations/m011_real_epochs.js";
import { m012Evaluations } from "./migrations/m012_evaluations.js";
import { m013Losses } from "./migrations/m013_losses.js";
import { m014Marks } from "./migrations/m014_marks.js";
import { m015MetricSummaries } from "./migrations/m015_metric_summaries.js";
import { m017Reproduction } from "./migrations/m017_reproduction.js";
import { m019BestContent } from "./migrations/m019_best_content.js";
import { m020Usage } from "./migrations/m020_usage.js";
import { m021Alerts } from "./migrations/m021_alerts.js";
import { m022Keep } from "./migrations/m022_keep.js";
import { m024KeepCheckpoints } from "./migrations/m024_keep_checkpoints.js";
import { m025Live } from "./migrations/m025_live.js";

export interface Migration {
  /** `m<number>_<what>`; stored in the table `migrations`, so it must never change. */
  name: string;
  sql: string;
}

/** Append-only: applied in this order, each once. */
export const MIGRATIONS: readonly Migration[] = [
  m001Initial,
  m002Scores,
  m003Grid,
  m004Bundles,
  m005Owners,
  m006Forecasts,
  m007Stop,
  m008Numerics,
  m009Surroundings,
  m010Direction,
  m011RealEpochs,
  m012Evaluations,
  m013Losses,
  m014Marks,
  m015MetricSummaries,
  m017Reproduction,
  m019BestContent,
  m020Usage,
  m021Alerts,
  m022Keep,
  m024KeepCheckpoints,
  m025Live,
];
