import { spawn, spawnSync } from "node:child_process";
import { render } from "ink-testing-library";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { builtFixture } from "../fixtures/program.js";
import { sampleEvents } from "../store/fixtures/sample.js";
import type { GridCellRow } from "../store/read.js";
import { Dashboard } from "./dashboard.js";
import type { DashboardState } from "./dashboard-state.js";
import { sampleGrid, sampleRows } from "./fixtures/grid.js";
import { progress, SampleJob, samplePlan } from "./fixtures/job.js";

function draw(state: DashboardState, columns: number, rows = 24, over = false): string {
  const app = render(<Dashboard state={state} columns={columns} rows={rows} color={false} over={over} />);
  const frame = app.lastFrame() ?? "";
  app.unmount();
  return frame;
}

/** One of three is done, one in training, one waits. */
function halfway(): DashboardState {
  const plan = samplePlan(3);
  const [a = "", b = ""] = plan.cells.map((cell) => cell.id);
  const job = new SampleJob(plan)
    .begin(a)
    .at(60)
    .event(sampleEvents.finished([a], 1));
  job.begin(b).event(sampleEvents.started([b]));
  for (let i = 0; i < 54; i++) job.at(61 + i).event(progress(i + 1, { cells: [b] }));
  job.at(115).event(sampleEvents.metrics([b], 99, 50, { accuracy: 0.7 }, "eval"));
  job.left = { fraction: 0.5134, secondsLeft: 109 };
  job.at(115).dashboard.message("warn", "the disk is nearly full");
  return job.dashboard;
}

test("at 60 columns", () => {
  expect(`\n${draw(halfway(), 60)}\n`).toMatchInlineSnapshot(`
    "
    ✓ finished  method=some rank=0  accuracy 0.8100 (majority c…
    warn: the disk is nearly full
    quick: 1 finished, 1 running, 1 waiting
    ███████████▎░░░░░░░░░░   51%  1 of 3 runs  about 1m 49s left
    method=some rank=1  ████████▋░░░░░░░   54%  46.0s left
      training    █▄▃▂▂▂▁▁▁▁▁▁▁▁▁  loss 0.01818  accuracy 0.7000
    Ctrl-C: stop after this step; twice: kill
    "
  `);
});

test("at 120 columns", () => {
  expect(`\n${draw(halfway(), 120)}\n`).toMatchInlineSnapshot(`
    "
    ✓ finished  method=some rank=0  accuracy 0.8100 (majority class 0.5000)  1m
    warn: the disk is nearly full
    quick: 1 finished, 1 running, 1 waiting
    ████████████████████▌░░░░░░░░░░░░░░░░░░░   51%  1 of 3 runs  about 1m 49s left
    method=some rank=1  █████████████████████▌░░░░░░░░░░░░░░░░░░   54%  46.0s left
      training    █▆▄▃▃▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  loss 0.01818  accuracy 0.7000  4,210 tokens/s
    Ctrl-C: stop after this step; twice: kill
    "
  `);
});

test("when all is over only what ended stays", () => {
  expect(draw(halfway(), 60, 24, true)).not.toMatch(/Ctrl-C|training/);
  expect(draw(halfway(), 60, 24, true)).toContain("✓ finished");
});

describe("a screen that is too small", () => {
  const plan = samplePlan(30, 30);
  const job = new SampleJob(plan);
  for (const { id } of plan.cells) job.begin(id).event(progress(7, { cells: [id] }));
  const all = job.dashboard;
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 24, 64, 65])("%i rows: never as tall as the screen", (rows) => {
    for (const columns of [20, 60, 120]) {
      const frame = draw(all, columns, rows);
      const lines = frame === "" ? [] : frame.split("\n");
      expect(lines.length).toBeLessThanOrEqual(Math.max(0, rows - 1));
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });
  test("runs that do not fit become a count", () => {
    expect(draw(all, 80, 10)).toMatch(/rank=0 [\s\S]*rank=1 [\s\S]* {2}and 28 more running\nCtrl-C/);
    expect(draw(all, 80, 64)).not.toContain("more running");
  });
});

describe("the heatmap of a sweep with two axes", () => {
  const change = (row: GridCellRow) => {
    if (row.position === 4) return { state: "running" as const, running: 1 as const, value: null, so_far: 0.71 };
    return row.position > 4 ? { state: "planned" as const, value: null } : {};
  };
  const state = halfway();
  state.grid = sampleGrid(sampleRows({ change }));
  test("fills in below the runs in training", () => {
    const frame = draw(state, 100, 30);
    expect(`\n${frame.slice(frame.indexOf("  training "))}\n`).toMatchInlineSnapshot(`
      "
        training    █▆▄▃▃▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  loss 0.01818  accuracy 0.7000  4,210 tokens/s

                 injections I
      merges M        0        1        2        3
             0    87.25    88.24    87.99    88.48*
             1   71.00▸        ·        ·        ·
             2        ·        ·        ·        ·

      from 87.25 to 88.48   * best   ▸ running, newest score   · not trained yet

      Ctrl-C: stop after this step; twice: kill
      "
    `);
  });
  test("is left out where it does not fit; the frame never is as tall as the screen, or wider", () => {
    expect(draw(state, 100, 15)).not.toContain("injections I");
    expect(draw(state, 40, 40)).not.toContain("injections I");
    state.lines.length = 0;
    for (const rows of [1, 5, 10, 14, 15, 16, 17, 18, 19, 20, 40]) {
      for (const columns of [20, 45, 46, 60, 120]) {
        const frame = draw(state, columns, rows);
        expect(frame === "" ? 0 : frame.split("\n").length).toBeLessThan(Math.max(1, rows));
        for (const line of frame.split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });
  test("in colour, where there is any", () => {
    const app = render(<Dashboard state={state} columns={100} rows={30} color={true} depth={24} />);
    expect(app.lastFrame()).toContain("48;2;68;1;84");
    app.unmount();
    expect(draw(state, 100, 30)).not.toContain("\u001b[48");
  });
});

test("runs that train as one have one entry, until they part", () => {
  const plan = samplePlan(5, 5);
  const ids = plan.cells.map((cell) => cell.id);
  const job = new SampleJob(plan).begin(...ids).event(progress(7, { cells: ids }));
  const { dashboard } = job;
  expect(draw(dashboard, 80).match(/method=some .*?=\S+/g)).toEqual(["method=some rank=0..4"]);
  expect(draw(dashboard, 80)).toMatch(/^5 runs: method=some rank=0\.\.4 .* 7%/m);
  for (const cells of [ids.slice(0, 1), ids.slice(1, 3), ids.slice(3)]) job.event(progress(8, { cells }));
  const labels = () =>
    draw(dashboard, 80)
      .match(/^.*method=some rank=\S+ +[█▏▎▍▌▋▊▉░]+/gm)
      ?.map((line) => line.split("  ")[0]);
  expect(labels()).toEqual(["method=some rank=0", "2 runs: method=some rank=1..2", "2 runs: method=some rank=3..4"]);
  expect(draw(dashboard, 80, 7)).toContain("and 4 more running");
  job.event(sampleEvents.finished(ids.slice(1, 2), 9));
  expect(labels()).toEqual(["method=some rank=0", "method=some rank=2", "2 runs: method=some rank=3..4"]);
});

test("a loss that is not finite is said", () => {
  const plan = samplePlan(1);
  const id = plan.cells[0]?.id ?? "";
  const job = new SampleJob(plan).begin(id).event(progress(1, { cells: [id] }));
  job.event(sampleEvents.metrics([id], 2, 2, { loss: null }));
  expect(draw(job.dashboard, 80)).toContain("▁×  loss not finite");
});

test("colour only when it is wanted", () => {
  const app = render(<Dashboard state={halfway()} columns={80} rows={24} color={false} />);
  expect(app.frames.join("")).not.toContain("\u001b[3");
  app.unmount();
});

// `script` gives the program a terminal of its own (util-linux; macOS has another one of that name).
const hasScript = process.platform === "linux" && spawnSync("sh", ["-c", "script --version"]).status === 0;

describe.skipIf(!hasScript)("in a terminal", () => {
  test("redraws, lets Ctrl-C through as a signal, and leaves the summary and no live part", async () => {
    const command = `stty rows 20 cols 70; exec ${process.execPath} ${builtFixture("dashboard")}`;
    const child = spawn("sh", ["-c", 'exec script -qec "$1" /dev/null', "sh", command], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, CI: "false", TERM: "xterm-256color", NO_COLOR: "" },
    });
    let out = "";
    const closed = new Promise<number | null>((done) => child.once("close", done));
    await new Promise<void>((seen) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        if (out.includes("loss 0.0")) seen();
      });
    });
    child.stdin.write("\u0003");
    expect(await closed).toBe(0);
    expect(out).toContain("got the signal");
    const tail = out.slice(out.indexOf("got the signal"));
    expect(tail).toMatch(/quick: 0 runs[\s\S]*stored in lor2c\.db[\s\S]*the end/);
    expect(tail).not.toContain("Ctrl-C: stop");
    expect(tail.endsWith("\u001b[?25l")).toBe(false);
  });
});
