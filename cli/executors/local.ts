import { availableParallelism } from "node:os";
import { localConditions } from "../worker/conditions.js";
import { request } from "../worker/request.js";
import type { Executor, ExecutorOptions } from "./executor.js";
import { LocalBundle } from "./local-bundle.js";
import { converseOn, isSlot, openWatched } from "./local-conversation.js";
import { askOn, deviceNames, slotsOn } from "./local-devices.js";
import { jobsPerDevice } from "./local-jobs.js";
import { LocalWorkers } from "./local-workers.js";
import { orphaned } from "./orphaned.js";
import { pollProcess, stopProcess } from "./process-handle.js";

/** Trains on this machine: one worker process for the bundles of a slot, one after the other. */
export function createLocal(options: ExecutorOptions = {}): Executor {
  const outer = { ...process.env, ...options.env };
  const workers = new LocalWorkers(options);
  return {
    describe: () => "this machine",
    ask: (question, { devices = "auto", signal } = {}) =>
      askOn(devices, outer, (env, whole) => {
        const asked = whole ? question : { type: "inspect" as const, request: question.request, settings: [] };
        return request(asked, { ...options, env: { ...options.env, ...env }, ...(signal && { signal }) });
      }),
    converse: (place, { signal } = {}) => {
      const open = (env: Record<string, string>) =>
        openWatched({ ...options, env: { ...options.env, ...env }, signal });
      return isSlot(place) ? open(place.env) : converseOn(place, outer, open);
    },
    conditions: () => localConditions(outer, options.commandOverride),
    slots: (devices, jobs, ready) => {
      const machine = { cores: availableParallelism(), freeMemory: process.availableMemory() };
      const perDevice = jobsPerDevice(jobs, { device: ready.device.name, ...machine });
      return slotsOn(devices, deviceNames(devices, ready.gpus), perDevice, outer);
    },
    start: (bundle, slot, onEvent) => new LocalBundle(bundle, slot, onEvent, workers),
    attach: (handle, bundle) => orphaned(handle, bundle),
    poll: async (handles) => handles.map(pollProcess),
    stop: stopProcess,
    close: () => workers.close(),
  };
}
