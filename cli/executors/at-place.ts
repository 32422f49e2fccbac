import type { WorkerEvent } from "../protocol/messages.js";
import type { Slot } from "./executor.js";

/** An event as it is for the user, who counts the devices of the whole machine; a worker calls its only GPU `cuda:0`. */
export function atPlace<Event extends WorkerEvent>(event: Event, { device }: Pick<Slot, "device">): Event {
  return event.type === "device_usage" ? { ...event, device } : event;
}
