import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { evaluationRequest } from "../spec/evaluate-schema.js";
import { packageFile } from "../spec/package-files.js";
import { claimedStore, sampleEvents } from "../store/fixtures/sample.js";
import type { Conversation } from "../worker/conversation.js";
import { evaluateSubject } from "./evaluate-subject.js";
import { Turns } from "./turns.js";

afterEach(() => vi.useRealTimers());

const PLAN = JSON.parse(
  readFileSync(packageFile("cli", "protocol", "examples", "evaluation_planned.json"), "utf8"),
) as WorkerEvent & { type: "evaluation_planned" };

test("while a worker says nothing, as when a model loads, the lease of its evaluations is renewed", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  const { store } = claimedStore(tempFolder(), []);
  const leases = () => store.prepare("SELECT DISTINCT lease_until FROM evaluations").pluck().all() as string[];
  const seen: string[][] = [];
  const ask = async (command: WorkerCommand, hear?: (event: WorkerEvent) => void) => {
    if (command.type === "plan_evaluation") return hear?.({ ...PLAN, problems: [] });
    for (let minute = 0; minute < 20; minute++) {
      vi.advanceTimersByTime(60_000);
      seen.push(leases());
    }
  };
  const conversation = { ask, ready: sampleEvents.ready(), stop: async () => {} } as unknown as Conversation;
  const subject = { run: null, label: "tiny", model: "tiny", template: "none", folder: null, settings: {} };
  await evaluateSubject(subject, {
    ...{ store, conversation, request: evaluationRequest({}), turns: new Turns(), tell: () => {} },
    stop: new AbortController().signal,
  });
  const now = Date.now();
  expect(seen.flat().every((until, minute) => until > new Date(now - (19 - minute) * 60_000).toISOString())).toBe(true);
  expect([seen.flat().length, leases(), vi.getTimerCount()]).toEqual([20, [null], 0]);
});
