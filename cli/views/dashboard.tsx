import { Box, render, Static, Text } from "ink";
import type { Reporter } from "../job/reporter.js";
import { type Line, liveLines, staticLine } from "./dashboard-lines.js";
import { DashboardState } from "./dashboard-state.js";
import { followGrid } from "./grid/follow.js";
import { paced } from "./parts/pace.js";
import { visible } from "./parts/visible.js";
import { renderSummary } from "./summary.js";
import { type ColourDepth, colourDepth } from "./terminal.js";

const FRAMES_PER_SECOND = 12;
/** Of the time of the thread that feeds the workers, what drawing may take: a large screen is drawn less often. */
const SHARE = 0.015;

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
  const depth = colourDepth(stdout);
  let state: DashboardState | undefined;
  let changed = false;
  let drawnAt = 0;
  /** By the clock of the process, as is what drawing takes. */
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;
  let app: ReturnType<typeof render> | undefined;
  let stopFollowing = () => {};

  const node = (shown: DashboardState, over: boolean) => {
    const size = { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 };
    return <Dashboard state={shown} {...size} color={depth > 1} depth={depth} over={over} />;
  };
  const change = (apply: (state: DashboardState) => void) => {
    if (state) apply(state);
    changed = true;
  };
  const redraw = () => {
    const shown = state;
    // Times move on although nothing happens: once a second.
    if (!shown || performance.now() < notBefore || (!changed && now() - drawnAt < 1000)) return;
    changed = false;
    drawnAt = now();
    const wait = paced(SHARE, { least: 0, most: 8000 }, () => app?.rerender(node(shown, false)));
    notBefore = performance.now() + wait;
  };
  const resized = () => {
    changed = true;
    notBefore = 0;
    redraw();
  };

  /** Leaves on the screen what has happened, and gives the terminal back. */
  const close = async () => {
    clearInterval(timer);
    stopFollowing();
    stdout.off("resize", resized);
    if (!app || !state) return;
    app.rerender(node(state, true));
    app.unmount();
    await app.waitUntilExit();
  };

  return {
    begin(plan, model) {
      state = new DashboardState(plan.name, model, now);
      app = render(node(state, false), {
        stdout,
        exitOnCtrlC: false,
        // Not `incrementalRendering`: in ink 6.8 a frame of another height leaves lines of the old one behind.
        maxFps: FRAMES_PER_SECOND,
      });
      stopFollowing = followGrid(plan, (grid) =>
        change((shown) => {
          shown.grid = grid;
        }),
      );
      // Events only change the model; a flood of them costs no more frames than this.
      timer = setInterval(redraw, 1000 / FRAMES_PER_SECOND).unref();
      stdout.on("resize", resized);
    },
    lane() {},
    event: () => change(() => {}),
    states: (runs, next, detail) => change((shown) => shown.states(runs, next, detail)),
    timeLeft: () => change(() => {}),
    alert: (alert) => change((shown) => shown.alert(alert)),
    evaluation: (event) => change((shown) => shown.evaluation(event)),
    message: (level, text) => change((shown) => shown.message(level, text)),
    async end(summary) {
      await close();
      stdout.write(`\n${visible(renderSummary(summary, stdout.columns || null))}\n`);
    },
    abort: close,
  };
}
