import { Box, render, Static, Text } from "ink";
import type { Reporter } from "../job/reporter.js";
import { type Line, liveLines, staticLine } from "./dashboard-lines.js";
import { type DashboardAction, type DashboardState, EMPTY, reduce } from "./dashboard-state.js";
import { type ColourDepth, colourDepth } from "./grid/colour.js";
import { followGrid } from "./grid/follow.js";
import { renderSummary } from "./summary.js";

const FRAMES_PER_SECOND = 12;

export interface DashboardProps {
  state: DashboardState;
  /** Size of the terminal. */
  columns: number;
  rows: number;
  color: boolean;
  /** Of the heatmap. */
  depth?: ColourDepth;
  /** Everything is over: only what stays on the screen. */
  over?: boolean;
}

/** Runs that ended scroll away above; those in training are redrawn below. */
export function Dashboard({ state, columns, rows, color, depth = 1, over = false }: DashboardProps) {
  const live = over ? [] : liveLines(state, columns, rows, depth);
  return (
    <>
      <Static items={[...state.lines]}>
        {(line) => <Styled key={line.key} line={staticLine(line, columns)} color={color} />}
      </Static>
      <Box flexDirection="column" flexShrink={0} width={columns}>
        {live.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
          <Styled key={index} line={line} color={color} />
        ))}
      </Box>
    </>
  );
}

function Styled({ line, color }: { line: Line; color: boolean }) {
  if (!color) return <Text>{line.text}</Text>;
  return (
    <Text color={line.color} dimColor={line.dim ?? false} bold={line.bold ?? false}>
      {line.text}
    </Text>
  );
}

/**
 * The live view of a job, for a terminal at both ends. The keyboard is left alone (no raw mode), so that Ctrl-C stays
 * a signal and reaches whoever runs the job.
 */
export function createDashboard({ stdout = process.stdout, now = Date.now } = {}): Reporter {
  const color = !process.env.NO_COLOR;
  let state = EMPTY;
  let drawn: DashboardState | null = null;
  let timer: NodeJS.Timeout | undefined;
  let app: ReturnType<typeof render> | undefined;
  let stopFollowing = () => {};

  const node = (over: boolean) => {
    const size = { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 };
    return <Dashboard state={state} {...size} color={color} depth={colourDepth(stdout)} over={over} />;
  };
  const dispatch = (action: DashboardAction) => {
    state = reduce(state, action);
  };
  const redraw = () => {
    // Times move on although nothing happens: once a second.
    if (state === drawn && now() - state.now < 1000) return;
    if (state === drawn) dispatch({ type: "tick", now: now() });
    drawn = state;
    app?.rerender(node(false));
  };
  const resized = () => {
    drawn = null;
    redraw();
  };

  /** Leaves on the screen what has happened, and gives the terminal back. */
  const close = async () => {
    clearInterval(timer);
    stopFollowing();
    stdout.off("resize", resized);
    if (!app) return;
    app.rerender(node(true));
    app.unmount();
    await app.waitUntilExit();
  };

  return {
    begin(plan) {
      dispatch({ type: "begin", plan, now: now() });
      app = render(node(false), {
        stdout,
        exitOnCtrlC: false,
        // Not `incrementalRendering`: in ink 6.8 a frame of another height leaves lines of the old one behind.
        maxFps: FRAMES_PER_SECOND,
      });
      stopFollowing = followGrid(plan, (grid) => dispatch({ type: "grid", grid, now: now() }));
      // Events only change the state; a flood of them costs no more frames than this.
      timer = setInterval(redraw, 1000 / FRAMES_PER_SECOND).unref();
      stdout.on("resize", resized);
    },
    event: (cell, event) => dispatch({ type: "event", cell, event, now: now() }),
    state: (cell, next, detail) => dispatch({ type: "state", cell, state: next, detail, now: now() }),
    progress: (job) => dispatch({ type: "progress", job, now: now() }),
    message: (level, text) => dispatch({ type: "message", level, text, now: now() }),
    async end(summary) {
      await close();
      stdout.write(`\n${renderSummary(summary)}\n`);
    },
    abort: close,
  };
}
