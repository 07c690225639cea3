import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Camera,
  fitCamera,
  formatPlace,
  limitCamera,
  MAX_SCALE,
  panCamera,
  parsePlace,
  revealBox,
  seenBox,
  startCamera,
  toGraph,
  toWindow,
  zoomCamera,
} from '../../../src/inspector/scene/graph-camera.ts';

const WINDOW = { width: 800, height: 600 };
const cameras: fc.Arbitrary<Camera> = fc.record({
  x: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
  y: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
  scale: fc.double({ min: 0.01, max: 3, noNaN: true }),
});

describe('the camera of the graph', () => {
  it('keeps the point under the pointer where it is while it zooms', () => {
    fc.assert(
      fc.property(
        cameras,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 800 }),
        fc.integer({ min: 0, max: 600 }),
        (camera, factor, x, y) => {
          const before = toGraph(camera, x, y, WINDOW);
          const after = toGraph(zoomCamera(camera, factor, { x, y }, WINDOW), x, y, WINDOW);
          expect(after.x).toBeCloseTo(before.x, 3);
          expect(after.y).toBeCloseTo(before.y, 3);
        },
      ),
    );
  });

  it('shows all of what it is fitted to, in its middle', () => {
    const camera = fitCamera({ x: 100, y: 0, width: 4000, height: 100 }, WINDOW);
    expect(camera).toEqual({ x: 2100, y: 50, scale: 0.2 });
    expect(seenBox(camera, WINDOW)).toEqual({ x: 100, y: -1450, width: 4000, height: 3000 });
  });

  it('begins with all that can be read, and of a larger graph with what matters', () => {
    const matters = { x: 1800, y: 20, width: 200, height: 40 };
    const small = { width: 980, height: 300 };
    expect(startCamera(small, matters, WINDOW)).toEqual(fitCamera({ x: 0, y: 0, ...small }, WINDOW));
    const large = { width: 2000, height: 300 };
    expect(startCamera(large, { ...matters, x: 100 }, WINDOW)).toEqual({ x: 800 / 0.85 / 2, y: 150, scale: 0.85 });
    const { x, y, width, height } = seenBox(startCamera(large, matters, WINDOW), WINDOW);
    expect(x + width).toBeGreaterThan(matters.x + matters.width);
    expect(x).toBeGreaterThan(large.width - width - 100);
    expect([y < matters.y, y + height > matters.y + matters.height]).toEqual([true, true]);
    expect(startCamera(large, undefined, WINDOW).scale).toBe(0.4);
  });

  it('tells where in the window a point of the graph is', () => {
    fc.assert(
      fc.property(cameras, fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 600 }), (camera, x, y) => {
        const point = toGraph(camera, x, y, WINDOW);
        const back = toWindow(camera, point.x, point.y, WINDOW);
        expect(back.x).toBeCloseTo(x, 3);
        expect(back.y).toBeCloseTo(y, 3);
      }),
    );
  });

  it('makes nothing much larger than it is to fit it, and zooms no further than that is of use', () => {
    expect(fitCamera({ x: 0, y: 0, width: 10, height: 10 }, WINDOW).scale).toBe(1.25);
    expect(zoomCamera({ x: 0, y: 0, scale: 2 }, 100, { x: 0, y: 0 }, WINDOW).scale).toBe(MAX_SCALE);
  });

  it('moves the graph with the pointer', () => {
    expect(panCamera({ x: 10, y: 10, scale: 0.5 }, 100, -50)).toEqual({ x: -190, y: 110, scale: 0.5 });
  });

  it('moves no further than it has to to show a box, and not at all where it is seen', () => {
    const camera = { x: 400, y: 300, scale: 1 };
    expect(revealBox(camera, { x: 100, y: 100, width: 50, height: 20 }, WINDOW)).toBe(camera);
    expect(revealBox(camera, { x: 790, y: 100, width: 50, height: 20 }, WINDOW)).toEqual({ x: 456, y: 300, scale: 1 });
    expect(revealBox(camera, { x: 0, y: -200, width: 50, height: 20 }, WINDOW)).toEqual({ x: 400, y: 84, scale: 1 });
    expect(revealBox(camera, { x: 5000, y: 100, width: 2000, height: 20 }, WINDOW)).toEqual({
      x: 6000,
      y: 300,
      scale: 1,
    });
  });

  it('does not lose the graph', () => {
    expect(limitCamera({ x: -500, y: 9000, scale: 1 }, { width: 1000, height: 400 })).toEqual({
      x: 0,
      y: 400,
      scale: 1,
    });
  });

  it('stands in the address, and nothing else does', () => {
    expect(formatPlace({ x: 612.4, y: -340.6, scale: 0.123456 })).toBe('612,-341,0.123');
    expect(parsePlace('612,-341,0.123')).toEqual({ x: 612, y: -341, scale: 0.123 });
    for (const place of ['', '1,2', '1,2,3,4', 'a,b,c', '1,2,0', '1,2,-1', 'Infinity,0,1'])
      expect(parsePlace(place)).toBeUndefined();
    expect(parsePlace('0,0,999')?.scale).toBe(MAX_SCALE);
  });
});
