import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { claimedStore, sampleCell } from "../store/fixtures/sample.js";
import { endAttempt } from "../store/write.js";
import { stopRuns } from "./stop-runs.js";

test("an owner that does not react is named once, and its run is waited for all the same", async () => {
  const folder = tempFolder();
  const cell = sampleCell("a".repeat(16));
  const { store, attempts } = claimedStore(folder, [cell]);
  const late: string[] = [];
  const stopped = await stopRuns({
    dbPath: join(folder, "lor2c.db"),
    all: true,
    wait: true,
    signal: new AbortController().signal,
    onAsked: () => {},
    onEnd: () => {},
    onLate: (runs) => {
      late.push(...runs.map(({ run }) => run));
      endAttempt(store, attempts.get(cell.id) ?? 0, "stopped");
    },
    lateAfter: 0,
  });
  expect(late).toEqual([cell.id]);
  expect(stopped).toMatchObject([{ run: cell.id, state: "stopped" }]);
  store.close();
});
