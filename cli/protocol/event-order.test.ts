import { expect, test } from "vitest";
import type { ProtocolError } from "../errors.js";
import { sampleEvents as say } from "../store/fixtures/sample.js";
import { EventOrder } from "./event-order.js";
import type { WorkerEvent } from "./messages.js";

const log = (seq: number): WorkerEvent => ({ type: "log", seq, cells: [], level: "info", message: "" });
const done = (seq: number, request = "t", events = seq): WorkerEvent => ({
  type: "done",
  seq,
  request,
  error: null,
  events,
});
const ended = (seq: number, events = seq): WorkerEvent => ({ type: "ended", seq, events });

function refusal(events: WorkerEvent[]): string {
  const order = new EventOrder();
  order.sent({ type: "count", request: "t", settings: [] });
  try {
    for (const event of events) order.accept(event);
  } catch (error) {
    return `${(error as ProtocolError).code}: ${(error as Error).message}`;
  }
  return "accepted";
}

test.each<[string, WorkerEvent[], RegExp]>([
  ["in order", [say.ready(1), log(2), done(3), ended(4)], /^accepted$/],
  ["six are missing", [say.ready(1), log(8)], /GAP: 6 events are missing: after event 1 came event 8/],
  ["one is missing", [say.ready(1), log(2), log(4)], /GAP: one event is missing/],
  ["the largest number there is", [say.ready(1), log(2 ** 53 - 1)], /PROTOCOL_GAP/],
  ["the first is missing", [say.ready(2)], /PROTOCOL_GAP: one event is missing: after event 0/],
  ["again", [say.ready(1), log(2), log(2)], /ORDER: after event 2 came event 2 \(log\) again/],
  ["back", [say.ready(1), log(2), log(3), log(1)], /PROTOCOL_ORDER/],
  ["no ready", [log(1)], /NO_READY: the worker's first event was "log"/],
  ["ready twice", [say.ready(1), say.ready(2)], /ORDER: the worker sent ready twice/],
  ["another request", [say.ready(1), done(2, "other")], /REQUEST: the worker sent done for request "other", .*"t"/],
  ["done twice", [say.ready(1), done(2), done(3)], /REQUEST: .* nothing was asked/],
  ["done counts otherwise", [say.ready(1), done(2, "t", 7)], /GAP: the worker's done says .* 7 events; 2 have arrived/],
  ["the last event has another count", [say.ready(1), done(2), ended(3, 4)], /PROTOCOL_GAP/],
  ["after the last event", [say.ready(1), ended(2), log(3)], /ORDER: .* after its last event/],
])("%s", (_, events, expected) => {
  expect(refusal(events)).toMatch(expected);
});
