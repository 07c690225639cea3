import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeScale, type TimeSpan } from '../../../src/inspector/scene/time-scale.ts';
import type { Bar } from '../../../src/inspector/scene/timeline-bars.ts';
import { type PlacedBar, placeBar } from '../../../src/inspector/scene/timeline-place.ts';

/** A pixel a millisecond. */
const scale = new TimeScale({ fromMs: 0, toMs: 1000 }, { from: 0, to: 1000 });
const LABEL = { text: '3.40 s' };

function barOf(fromMs: number, toMs: number, more: Partial<Bar> = {}): Bar {
  const segments = [{ kind: 'work', fromMs, toMs, color: 'success', isOpen: false } as const];
  return { segments, extent: { fromMs, toMs }, ...more };
}

function place(fromMs: number, toMs: number, window: TimeSpan = { fromMs: 0, toMs: 1000 }, label = LABEL): PlacedBar {
  return placeBar(barOf(fromMs, toMs), label, new TimeScale(window, { from: 0, to: 1000 }), 1000);
}

describe('a placed bar', () => {
  it('has its segments in pixels', () => {
    expect(place(100, 300).segments).toMatchObject([{ kind: 'work', x: 100, width: 200 }]);
  });

  it('can be seen, however short', () => {
    expect(place(100, 100).segments).toMatchObject([{ x: 100, width: 2 }]);
  });

  it('is no longer than can be seen, however far it is zoomed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 1000 }), (fromMs, ms) => {
        const window = { fromMs: 500, toMs: 500.001 };
        for (const { x, width } of place(fromMs, fromMs + ms, window).segments) {
          expect(x).toBeGreaterThanOrEqual(-24);
          expect(x + width).toBeLessThanOrEqual(1024);
        }
      }),
    );
  });

  it('leaves out attempts that nobody could tell from the one before, and keeps what looks different', () => {
    const attempts = Array.from({ length: 10_000 }, (_, at) => {
      return { kind: 'work', fromMs: at / 10, toMs: at / 10 + 0.05, color: 'failure', isOpen: false } as const;
    });
    const segments = [...attempts, { ...attempts.at(-1)!, color: 'success' } as const];
    const placed = placeBar(barOf(0, 1000, { segments }), undefined, scale, 1000).segments;
    expect(placed.length).toBeLessThanOrEqual(1001);
    expect(placed.at(-1)).toMatchObject({ color: 'success', x: 999.9 });
    for (const [at, { x }] of placed.entries()) expect(x - (placed[at - 1]?.x ?? 0)).toBeLessThan(2);
    const near = new TimeScale({ fromMs: 500, toMs: 501 }, { from: 0, to: 1000 });
    expect(placeBar(barOf(0, 1000, { segments }), undefined, near, 1000).segments).toHaveLength(10);
  });

  it('leaves out what is not in the window', () => {
    const bar = barOf(100, 200, {
      usualEndMs: 150,
      critical: { fromMs: 100, toMs: 200 },
      point: { kind: 'skip', ms: 100, color: 'skip' },
    });
    const elsewhere = new TimeScale({ fromMs: 500, toMs: 600 }, { from: 0, to: 1000 });
    expect(placeBar(bar, undefined, elsewhere, 1000)).toEqual({ segments: [] });
    expect(placeBar(bar, undefined, scale, 1000)).toMatchObject({
      usualX: 150,
      critical: { x: 100, width: 100 },
      point: { x: 100 },
    });
  });
});

describe('a label', () => {
  it('stands right of its bar, else left, else inside', () => {
    expect(place(100, 300).label).toMatchObject({ side: 'right', x: 306 });
    expect(place(300, 980).label).toMatchObject({ side: 'left', x: 294 });
    expect(place(5, 995).label).toMatchObject({ side: 'inside', x: 989 });
  });

  it('stands where its note has room, if there is such a place', () => {
    const label = { text: '3.40 s', note: 'failed: no connection' };
    expect(place(500, 920, undefined, label).label).toMatchObject({ side: 'left', ...label });
    expect(place(500, 820, undefined, label).label).toMatchObject({ side: 'left', ...label });
    expect(place(200, 700, undefined, label).label).toMatchObject({ side: 'right', ...label });
  });

  it('gives a note that is too long the larger place, and none a place in which nothing of it could be read', () => {
    const label = { text: '3.40 s', note: 'failed: no connection '.repeat(9) };
    expect(place(500, 600, undefined, label).label).toMatchObject({ side: 'left', ...label });
    expect(place(200, 600, undefined, label).label).toMatchObject({ side: 'right', ...label });
    const { label: bare } = place(30, 920, undefined, label);
    expect(bare).toMatchObject({ side: 'right', text: '3.40 s' });
    expect(bare).not.toHaveProperty('note');
  });

  it('stands with its note in the bar of a group, which is thin', () => {
    const label = { text: '549 ms', note: '99 of 100 done, 1 went wrong' };
    const segments = [{ kind: 'group', fromMs: 5, toMs: 920, color: 'failure', isOpen: false } as const];
    const bar = barOf(5, 920, { segments });
    expect(placeBar(bar, label, scale, 1000).label).toMatchObject({ side: 'inside', ...label });
  });

  it('stands beyond the usual end where that would strike it out', () => {
    const xOf = (usualEndMs: number): number => placeBar(barOf(100, 300, { usualEndMs }), LABEL, scale, 1000).label!.x;
    expect([200, 300, 301, 340, 400].map(xOf)).toEqual([306, 306, 307, 346, 306]);
  });

  it('points to a bar that is beyond an edge', () => {
    expect(place(100, 200, { fromMs: 500, toMs: 600 }).label).toMatchObject({ side: 'beyond-left' });
    expect(place(700, 800, { fromMs: 500, toMs: 600 }).label).toMatchObject({ side: 'beyond-right', x: 994 });
  });

  it('has room for its text, wherever it stands outside', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 1100 }), fc.integer({ min: 0, max: 1200 }), (fromMs, ms) => {
        const { label } = place(fromMs, fromMs + ms);
        if (label?.side !== 'inside') expect(label!.room).toBeGreaterThanOrEqual(LABEL.text.length * 6);
      }),
    );
  });
});
