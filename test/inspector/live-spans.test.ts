import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { LiveSpans, type LiveConnection, type LiveLimits } from '../../src/inspector/live-spans.ts';

const A = 'process a';
const B = 'process b';

let live: LiveSpans;
/** The ids of traces that changed, one entry for each time that it was told. */
let changes: string[][];

beforeEach(() => (live = start()));

function start(limits?: Partial<LiveLimits>): LiveSpans {
  const spans = new LiveSpans(limits);
  changes = [];
  spans.onChange = (traceIds) => void changes.push([...traceIds]);
  return spans;
}

function connection(): LiveConnection {
  return { hangUp: () => {} };
}

/** A process that is connected. */
function connect(process: string): LiveConnection {
  const made = connection();
  expect(live.open(process, made)).toBe(true);
  return made;
}

function span(name: string, change: Partial<ReceivedSpan> = {}): ReceivedSpan {
  return {
    traceId: 'trace',
    spanId: name,
    name,
    kind: 'internal',
    startNs: 1n,
    endNs: 0n,
    attributes: new Map([['orchestration.span.type', 'step']]),
    events: [],
    links: [],
    status: { code: 'unset' },
    resource: new Map(),
    scope: { name: 'orchestrace' },
    ...change,
  };
}

/** As it comes over OTLP. */
function ended(name: string, change?: Partial<ReceivedSpan>): ReceivedSpan {
  return span(name, { endNs: 2n, ...change });
}

/** Names of what is open; `!` stands before what is interrupted. */
function open(traceId = 'trace'): string[] {
  return live.openSpans(traceId).map(({ span: { name }, isInterrupted }) => (isInterrupted ? '!' : '') + name);
}

describe('a span', () => {
  it('is open from its start to its end', () => {
    connect(A);
    expect(live.start(A, [span('run'), span('step')])).toBe(true);
    expect([open(), live.traces()]).toEqual([['run', 'step'], ['trace']]);
    live.end([ended('step')]);
    expect(open()).toEqual(['run']);
    live.end([ended('run')]);
    expect([open(), live.traces()]).toEqual([[], []]);
    expect(changes).toEqual([['trace'], ['trace'], ['trace']]);
  });

  it('is open without an end, whatever its start says', () => {
    connect(A);
    live.start(A, [span('run', { endNs: 5n })]);
    expect(live.openSpans('trace')[0]!.span.endNs).toBe(0n);
  });

  it('belongs to its trace', () => {
    connect(A);
    live.start(A, [span('run'), span('run', { traceId: 'other' })]);
    expect(live.traces()).toEqual(['trace', 'other']);
    live.end([ended('run')]);
    expect([open(), open('other'), open('unknown')]).toEqual([[], ['run'], []]);
    expect(changes).toEqual([['trace', 'other'], ['trace']]);
  });

  it('is open once, however often it is told', () => {
    connect(A);
    live.start(A, [span('run'), span('run')]);
    live.start(A, [span('run')]);
    expect(open()).toEqual(['run']);
    expect(changes).toEqual([['trace']]);
  });

  it('is not open when its end overtook its start', () => {
    connect(A);
    live.end([ended('step')]);
    live.start(A, [span('step')]);
    expect(open()).toEqual([]);
    expect(changes).toEqual([]);
  });

  it('does not end by what is no end', () => {
    connect(A);
    live.start(A, [span('run')]);
    live.end([span('run')]);
    expect(open()).toEqual(['run']);
  });

  it('of a process that is not connected is not taken', () => {
    expect(live.start(A, [span('run')])).toBe(false);
    live.close(A, connect(A));
    expect(live.start(A, [span('run')])).toBe(false);
    expect(open()).toEqual([]);
  });
});

describe('a process', () => {
  it('that dies interrupts what it had open, and nothing of others', () => {
    const connectionOfA = connect(A);
    connect(B);
    live.start(A, [span('of a'), span('done')]);
    live.start(B, [span('of b')]);
    live.end([ended('done')]);
    live.close(A, connectionOfA);
    expect(open()).toEqual(['!of a', 'of b']);
    expect(changes.at(-1)).toEqual(['trace']);
  });

  it('tells when it was seen to be dead', () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const made = connect(A);
    live.start(A, [span('run')]);
    expect(live.openSpans('trace')[0]).not.toHaveProperty('interruptedAtNs');
    live.close(A, made);
    expect(live.openSpans('trace')[0]!.interruptedAtNs).toBeGreaterThanOrEqual(before);
  });

  it('lives as long as one of its connections does', () => {
    const [first, second] = [connect(A), connect(A)];
    live.start(A, [span('run')]);
    live.close(A, first);
    expect(open()).toEqual(['run']);
    live.close(A, second);
    expect(open()).toEqual(['!run']);
  });

  it('that connects again was not dead', () => {
    const made = connect(A);
    live.start(A, [span('run')]);
    live.close(A, made);
    connect(A);
    expect(open()).toEqual(['run']);
    expect(changes).toEqual([['trace'], ['trace'], ['trace']]);
    live.close(A, made); // the old one, once more
    expect(open()).toEqual(['run']);
  });

  it('that is dead may have ended a span all the same', () => {
    const made = connect(A);
    live.start(A, [span('run'), span('step')]);
    live.close(A, made);
    live.end([ended('run')]);
    expect(open()).toEqual(['!step']);
  });

  it('that is dead has what it told last interrupted', () => {
    const made = connect(A);
    live.start(A, [span('run')]);
    live.close(A, made);
    expect(live.start(A, [span('step')])).toBe(true);
    expect(open()).toEqual(['!run', '!step']);
  });

  it('that says goodbye leaves nothing behind', () => {
    const made = connect(A);
    live.start(A, [span('run')]);
    live.leave(A);
    live.close(A, made);
    expect([open(), live.traces()]).toEqual([[], []]);
    expect(changes).toEqual([['trace'], ['trace']]);
    live.leave('unknown');
  });

  it('that had nothing open is forgotten without a word', () => {
    live.close(A, connect(A));
    expect(changes).toEqual([]);
  });
});

describe('what is kept', () => {
  it('is so many processes that are connected; dead ones do not count', () => {
    live = start({ maxProcesses: 1 });
    const made = connect(A);
    expect(live.open(B, connection())).toBe(false);
    expect(live.open(A, connection())).toBe(true);
    live = start({ maxProcesses: 1 });
    const last = connection();
    live.open(A, last);
    live.start(A, [span('run')]);
    live.close(A, last);
    expect(live.open(B, made)).toBe(true);
  });

  it('is so many spans: the oldest make room', () => {
    live = start({ maxSpans: 2 });
    connect(A);
    live.start(A, [span('first', { traceId: 'other' }), span('second')]);
    live.start(A, [span('third')]);
    expect([open(), open('other'), live.traces()]).toEqual([['second', 'third'], [], ['trace']]);
    expect(changes.at(-1)!.toSorted()).toEqual(['other', 'trace']);
  });

  it('is runs and groups rather than what goes on in them', () => {
    live = start({ maxSpans: 3 });
    connect(A);
    const typed = (type: string, name = type): ReceivedSpan =>
      span(name, { attributes: new Map([['orchestration.span.type', type]]) });
    live.start(A, [typed('run'), typed('group'), typed('step'), typed('attempt'), typed('step', 'late step')]);
    expect(open()).toEqual(['run', 'group', 'late step']);
    live.start(A, [typed('run', 'other run'), typed('group', 'other group')]);
    expect(open()).toEqual(['group', 'other run', 'other group']);
  });

  it('is so many bytes, those of resources among them', () => {
    live = start({ maxBytes: 10_000 });
    connect(A);
    const attributes = new Map([['text', 'x'.repeat(6_000)]]);
    for (const name of ['first', 'second']) live.start(A, [span(name, { attributes })]);
    expect(open()).toEqual(['second']);
    for (const name of ['third', 'fourth']) live.start(A, [span(name, { resource: attributes })]);
    expect(open()).toEqual(['fourth']);
  });

  it('is of ends that came early not for ever', () => {
    connect(A);
    live.end([ended('overtaker'), ...Array.from({ length: 20_000 }, (_, number) => ended(`span ${number}`))]);
    live.start(A, [span('overtaker'), span('span 0')]);
    expect(open()).toEqual(['overtaker']);
  });

  it('is nothing when it is disposed: it hangs up, and interrupts nothing', () => {
    const hungUp: string[] = [];
    const connections = [A, B].map((process) => ({
      hangUp: () => {
        hungUp.push(process);
        live.close(process, connections[0]!);
      },
    }));
    live.open(A, connections[0]!);
    live.open(B, connections[1]!);
    live.start(A, [span('run')]);
    changes.length = 0;
    live[Symbol.dispose]();
    expect([hungUp, live.traces(), changes]).toEqual([[A, B], [], []]);
  });
});

describe('a process that promised to be heard of', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is silent when it is not, until it is again', () => {
    live.open(A, connection(), 1000);
    live.start(A, [span('run')]);
    const silentSinceNs = BigInt(Date.now()) * 1_000_000n;
    changes.length = 0;
    vi.advanceTimersByTime(5000);
    expect(live.openSpans('trace')).toMatchObject([{ isInterrupted: false, silentSinceNs }]);
    expect(live.start(A, [])).toBe(true);
    expect(live.openSpans('trace')[0]).not.toHaveProperty('silentSinceNs');
    expect(changes).toEqual([['trace'], ['trace']]);
  });

  it('is dead, and no more silent, when its connection breaks', () => {
    const made = connection();
    live.open(A, made, 1000);
    live.start(A, [span('run')]);
    vi.advanceTimersByTime(5000);
    live.close(A, made);
    expect(live.openSpans('trace')).toMatchObject([{ isInterrupted: true }]);
    expect(live.openSpans('trace')[0]).not.toHaveProperty('silentSinceNs');
  });
});
