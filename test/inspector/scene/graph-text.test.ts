import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitText, textWidth, wrapText } from '../../../src/inspector/scene/graph-text.ts';

describe('a text that is fitted', () => {
  it('is never wider than there is room', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
        fc.integer({ min: 20, max: 300 }),
        (text, room) => {
          expect(textWidth(fitText(text, room, 13), 13)).toBeLessThanOrEqual(room);
        },
      ),
    );
  });

  it('stays as it is where it fits', () => {
    expect(fitText('rank', 100, 13)).toBe('rank');
    expect(fitText('', 0, 13)).toBe('');
  });

  it('keeps its beginning and its end', () => {
    expect(fitText('mProject_of_the_large_picture_0042', 120, 13)).toBe('mProject_…0042');
    expect(fitText(`${'a'.repeat(1_000_000)}end`, 100, 13)).toMatch(/^a+…\w*end$/);
  });

  it('does not break a character into its parts', () => {
    expect(fitText('👨‍👩‍👧‍👦'.repeat(30), 100, 13)).toMatch(/^(👨‍👩‍👧‍👦)+…(👨‍👩‍👧‍👦)+$/);
  });
});

describe('a text in lines', () => {
  it('is broken at spaces where it is too wide', () => {
    expect(wrapText('the rain in Spain', 70, 11)).toEqual(['the rain in', 'Spain']);
    expect(wrapText('Nebuchadnezzar ruled', 50, 11)).toEqual(['Nebu…ar', 'ruled']);
    expect(wrapText('', 50, 11)).toEqual(['']);
  });
});
