import { arch, platform } from "node:os";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import { deviceClass } from "../store/read.js";
import type { Place } from "./basis.js";

/** Where the runs of a plan will be trained, each alone. */
export function placeOfPlan({ ready, cells }: Pick<ResolvedPlan, "ready" | "cells">): Place {
  const { name: device, description } = ready.device;
  const here = {
    device,
    device_description: description,
    platform: `${platform()}-${arch()}`,
    computing: ready.computing,
  };
  const precision = cells[0]?.inspected.fingerprint?.precision;
  return { deviceClass: deviceClass(here, precision), device, description, lanes: 1 };
}
