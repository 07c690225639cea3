import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunAnnouncer } from '../../../src/cli/inspect/announce-runs.ts';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { made, ours, overviewSpans } from '../../explain/made-spans.ts';

const SPANS = overviewSpans();
const [RUN, ...REST] = SPANS as [ReceivedSpan, ...ReceivedSpan[]];

let arrived: ReceivedSpan[];
let reads: string[];
let lines: string[];
let runs: RunAnnouncer;

beforeEach(() => {
  vi.useFakeTimers();
  [arrived, reads, lines] = [[], [], []];
  runs = new RunAnnouncer(
    (traceId) => {
      reads.push(traceId);
      return arrived.filter((span) => span.traceId === traceId);
    },
    (line) => lines.push(line),
  );
});
afterEach(() => void vi.useRealTimers());

it('tells of a run when no more came of its trace for a second', () => {
  take([RUN]);
  vi.advanceTimersByTime(900);
  take(REST.slice(0, 5));
  vi.advanceTimersByTime(900);
  take(REST.slice(5));
  take([made('GET', { traceId: 'f'.repeat(32) })]);
  vi.advanceTimersByTime(900);
  expect({ lines, reads }).toEqual({ lines: [], reads: [] });
  vi.advanceTimersByTime(100);
  expect(lines).toEqual([
    expect.stringMatching(/ ✗ ci-overview: Failed after 100 ms: audit failed .* trace 0af7651916/),
  ]);
});

it('tells of a run ten seconds after it, however much comes of its trace', () => {
  take([RUN]);
  for (let second = 0; second < 12; second += 1) {
    take([REST[second % REST.length]!]);
    vi.advanceTimersByTime(900);
  }
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(20_000);
  expect(lines).toHaveLength(1);
});

it('reads a trace once for all its runs that came, and tells none twice', () => {
  const all = Array.from({ length: 50 }, (_, index) =>
    ours('run', `r${index}`, { ms: [index, index + 1], attributes: { 'plan.name': `p${index}`, outcome: 'success' } }),
  );
  for (const run of all) take([run]);
  vi.advanceTimersByTime(1_000);
  take(all);
  vi.advanceTimersByTime(1_000);
  expect(lines).toHaveLength(50);
  expect(reads).toHaveLength(1);
});

it('tells the rest at the end, and nothing after it', () => {
  take(SPANS);
  runs[Symbol.dispose]();
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(1);
});

it('says what goes wrong, and goes on', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  using broken = new RunAnnouncer(
    () => {
      throw new Error('the store is gone');
    },
    () => {},
  );
  broken.take(SPANS);
  vi.advanceTimersByTime(1_000);
  expect(said.mock.calls).toEqual([['orchestrace: the store is gone\n']]);
  said.mockRestore();
});

function take(spans: readonly ReceivedSpan[]): void {
  arrived.push(...spans);
  runs.take(spans);
}
