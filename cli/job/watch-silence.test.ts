import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { until } from "../worker/fixture-worker.js";
import { SilenceWatch } from "../worker/silence.js";
import { watchSilence } from "./watch-silence.js";

test("a silent worker is reported once, with what its process is doing, and again when it sends events", async () => {
  const child = spawn("sleep", ["600"]);
  const watch = new SilenceWatch(child.pid ?? 0);
  const said: string[] = [];
  const worth = { stopped: 0.1, gone: 0.1, idle: 0.1, unknown: 0.1, busy: 600 };
  const reporter = { message: (level: string, text: string) => void said.push(`${level}: ${text}`) };
  const silences: string[][] = [];
  const onSilent = (...silence: string[]) => void silences.push(silence);
  const release = watchSilence({ silence: () => watch.look() }, "seed=1", reporter, { every: 50, worth, onSilent });
  try {
    await until(() => said.length === 1);
    expect(said[0]).toMatch(
      /^warn: the worker of seed=1 has sent nothing since \d\d:\d\d:\d\d: its process runs and does /,
    );
    child.kill("SIGSTOP");
    await until(() => said.length === 2);
    expect(said[1]).toContain("its process is suspended, and kill -CONT lets it go on");
    child.kill("SIGCONT");
    watch.heard();
    await until(() => said.some((text) => text.startsWith("info")));
    expect(said[2]).toBe("info: the worker of seed=1 sends events again");
    expect(silences[0]?.[0]).toMatch(/^the worker has sent nothing since .*: its process runs and does nothing/);
    expect(silences[1]?.[0]).toContain("suspended");
    expect(silences[1]?.[1]).toBe(silences[0]?.[1]); // one silence, of two states
  } finally {
    release();
    child.kill("SIGKILL");
  }
});
