import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeFeed } from '../../src/inspector/change-feed.ts';

// When it tells what to whom. How it is served: see serve-events.test.ts.

const TOGETHER_MS = 100;
const POLL_MS = 1_000;
const MAX_LISTENERS = 32;

let version: () => unknown;
let feed: ChangeFeed;

beforeEach(() => {
  vi.useFakeTimers();
  version = () => 1;
  feed = new ChangeFeed(() => version());
});
afterEach(() => {
  feed[Symbol.dispose]();
  vi.useRealTimers();
});

interface Listener {
  readonly response: ServerResponse;
  /** What it was told, each as its data. */
  readonly told: () => string[];
}

/** @param isReading whether it takes away what is written to it */
function listen(isReading = true): Listener {
  let text = '';
  const write: Duplex['_write'] = (chunk, _, done) => {
    text += String(chunk);
    if (isReading) done();
  };
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.assignSocket(new Duplex({ read() {}, write }) as Socket);
  expect(feed.listen(response)).toBe(true);
  return { response, told: () => Array.from(text.matchAll(/^event: trace\ndata: (.*)$/gm), ([, data]) => data!) };
}

const trace = (traceId: string): string => JSON.stringify({ traceId });
const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => at.toString(16).padStart(32, '0'));

describe('what arrived', () => {
  it('is told to every listener, once for all that came together', async () => {
    const listeners = [listen(), listen()];
    feed.tell(['a', 'b']);
    feed.tell(['b', 'c']);
    expect(listeners.map(({ told }) => told())).toEqual([[], []]);
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    for (const { told } of listeners) expect(told()).toEqual(['a', 'b', 'c'].map(trace));
    feed.tell(['a']);
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    for (const { told } of listeners) expect(told()).toEqual(['a', 'b', 'c', 'a'].map(trace));
  });

  it('is told by its ids as long as they are few', async () => {
    const { told } = listen();
    feed.tell(ids(500));
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    expect(told()).toHaveLength(500);
    feed.tell(ids(501));
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    expect(told().slice(500)).toEqual([trace('')]);
  });

  it('elsewhere is seen, and what arrived here is not told twice', async () => {
    const { told } = listen();
    feed.change(() => (version = () => 2));
    feed.tell(['a']);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(told()).toEqual([trace('a')]);
    version = () => 3;
    await vi.advanceTimersByTimeAsync(POLL_MS + TOGETHER_MS);
    expect(told()).toEqual([trace('a'), trace('')]);
    await vi.advanceTimersByTimeAsync(10 * POLL_MS);
    expect(told()).toHaveLength(2);
  });

  it('elsewhere is told also where something arrives here all the time', async () => {
    const { told } = listen();
    for (let number = 2; number < 40; number += 1) {
      feed.change(() => (version = () => number));
      feed.tell(['a']);
      await vi.advanceTimersByTimeAsync(TOGETHER_MS / 2);
    }
    expect(told()).not.toContainEqual(trace(''));
    version = () => 100;
    feed.change(() => (version = () => 101));
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    expect(told()).toContainEqual(trace(''));
  });

  it("is nobody's business where nobody listens", async () => {
    const asked = vi.fn<() => number>(() => 1);
    version = asked;
    feed.tell(['a']);
    const { response } = listen();
    response.destroy();
    response.emit('close');
    asked.mockClear();
    await vi.advanceTimersByTimeAsync(10 * POLL_MS);
    expect(asked).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a store that cannot be read', () => {
  it('is told of when that begins and when it ends, and ends nothing', async () => {
    const { told } = listen();
    version = () => {
      throw new Error('locked');
    };
    await vi.advanceTimersByTimeAsync(5 * POLL_MS);
    expect(told()).toEqual([trace('')]);
    feed.tell(['a']);
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    version = () => 2;
    await vi.advanceTimersByTimeAsync(5 * POLL_MS);
    expect(told()).toEqual(['', 'a', ''].map(trace));
  });

  it('may be listened to', async () => {
    version = () => {
      throw new Error('closed');
    };
    const { told } = listen();
    feed.tell(['a']);
    await vi.advanceTimersByTimeAsync(TOGETHER_MS);
    expect(told()).toEqual([trace('a')]);
  });
});

describe('a listener', () => {
  it('is one too many beyond 32, until another leaves', () => {
    const [first] = Array.from({ length: MAX_LISTENERS }, () => listen());
    const late = new ServerResponse(new IncomingMessage(new Socket()));
    expect(feed.listen(late)).toBe(false);
    expect(late.headersSent).toBe(false);
    first!.response.emit('close');
    expect(feed.listen(late)).toBe(true);
  });

  it('that takes nothing away is cut off before much waits for it, and the others are told on', async () => {
    const slow = listen(false);
    const quick = listen();
    let waiting = 0;
    for (let round = 0; round < 20; round++) {
      feed.tell(ids(500));
      await vi.advanceTimersByTimeAsync(TOGETHER_MS);
      waiting = Math.max(waiting, slow.response.writableLength);
    }
    expect(slow.response.destroyed).toBe(true);
    expect(waiting).toBeLessThan(2 * 64 * 1024);
    expect(quick.response.destroyed).toBe(false);
    expect(quick.told()).toHaveLength(20 * 500);
  });

  it('is let go when the feed ends, and nothing is left that waits', () => {
    const { response } = listen();
    feed.tell(['a']);
    feed[Symbol.dispose]();
    expect(response.writableEnded).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
