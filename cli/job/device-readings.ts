import type { EventOf } from "../protocol/messages.js";
import { devicesOf, type LiveDevice, type WorkerReading } from "../store/read.js";
import { DEVICE_FORGOTTEN } from "../store/write.js";

/** What the devices of a job's workers last reported. */
export class DeviceReadings {
  readonly #newest = new Map<string, WorkerReading>();

  constructor(private readonly now: () => number) {}

  /** `event.device` is the name that the user gives the device, not that of the worker, to which each GPU is `cuda:0`. */
  add({ type: _, seq: __, ...reading }: EventOf<"device_usage">): void {
    this.#newest.set(`${reading.host} ${reading.pid}`, { ...reading, at: new Date(this.now()).toISOString() });
  }

  /** One for each worker that has told something in the last minutes. */
  workers(): WorkerReading[] {
    const oldest = new Date(this.now() - DEVICE_FORGOTTEN).toISOString();
    for (const [worker, { at }] of this.#newest) if (at < oldest) this.#newest.delete(worker);
    return [...this.#newest.values()];
  }

  devices(): LiveDevice[] {
    return devicesOf(this.workers());
  }
}
