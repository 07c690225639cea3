import type { Plan, PlanInput } from '../../plan.ts';
import { createExecutionPlanTrace } from '../../plan-trace.ts';
import { terminalHasColor, terminalWidth } from '../terminal.ts';
import { describeEvent, Progress } from './progress.ts';
import type { StepEvent } from './watch-steps.ts';

const FRAME_MS = 100;
const DEFAULT_ROWS = 24;

/** Where the progress of a run is shown. */
export interface Screen extends Disposable {
  readonly take: (event: StepEvent) => void;
}

/** A line for each event, on stderr. */
export function lineScreen(): Screen {
  return {
    take: (event) => void process.stderr.write(`${describeEvent(event)}\n`),
    [Symbol.dispose]: () => {},
  };
}

/**
 * A tree on stderr, redrawn while the run goes on. What tools print meanwhile goes above it, a line at a time. At the end it stays if the
 * timeline does not come to the same terminal.
 */
export function treeScreenFor(plan: Plan | PlanInput): Screen {
  const progress = new Progress(plan.name, createExecutionPlanTrace(plan), performance.now());
  const { stderr, stdout } = process;
  const width = terminalWidth(stderr, process.env);
  const color = terminalHasColor(stderr, process.env);
  const write = stderr.write.bind(stderr);
  let drawn = 0;
  const clear = (): void => {
    if (drawn > 0) write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    clear();
    const height = Math.max(3, (stderr.rows || DEFAULT_ROWS) - 1);
    const lines = progress.render(performance.now(), { width: width - 1, height, color });
    write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const streams = [stdout, stderr].filter(({ isTTY }) => isTTY);
  const releases = streams.map((stream) => holdBackLines(stream, clear));
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  draw();
  return {
    take: (event) => progress.take(event, performance.now()),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (stdout.isTTY) clear();
      else draw();
      drawn = 0;
      for (const release of releases) release();
    },
  };
}

/** Has a stream write whole lines only, and calls `before` each time. */
function holdBackLines(stream: NodeJS.WriteStream, before: () => void): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its `this`, and put back as it was
  const original = stream.write;
  let partial = '';
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    partial += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const end = partial.lastIndexOf('\n') + 1;
    const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (end > 0) before();
    const isDrained = end === 0 || original.call(stream, partial.slice(0, end));
    partial = partial.slice(end);
    if (done) setImmediate(done);
    return isDrained;
  };
  return () => {
    stream.write = original;
    if (partial !== '') stream.write(`${partial}\n`);
  };
}
