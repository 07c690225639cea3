import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf, StepFinder } from '../../../../src/inspector/page/report/step-finder.ts';
import { madeView } from '../../made-views.ts';

const finder = new StepFinder(
  madeView({
    steps: [
      { toolId: 'rank' },
      { toolId: 'rank', iteration: 2 },
      { toolId: 'rank-all' },
      { toolId: 'a.b' },
      { toolId: 'a' },
    ],
  }),
);

it('finds the last pass of a tool, and each by its number', () => {
  expect([finder.key('rank'), finder.key('rank', 1), finder.key('rank', 2)]).toEqual(['rank#2', 'rank', 'rank#2']);
  expect([finder.key('rank', 3), finder.key('write')]).toEqual([undefined, undefined]);
});

describe('a text in parts', () => {
  const parts = (text: string, ...toolIds: string[]): string[] =>
    partsOf(text, toolIds, finder).map(({ text, key }) => (key === undefined ? text : `[${text}|${key}]`));

  it.each([
    ['rank waited for a.b', ['rank', 'a.b'], ['[rank|rank]', ' waited for ', '[a.b|a.b]']],
    ['rank-all, then rank.', ['rank', 'rank-all'], ['[rank-all|rank-all]', ', then ', '[rank|rank]', '.']],
    ['the ranking of rank_2', ['rank'], ['the ranking of rank_2']],
    ['a.b is no a', ['a', 'a.b'], ['[a.b|a.b]', ' is no a']],
    ['rank of something else', [], ['rank of something else']],
    ['write, which is no step', ['write'], ['write, which is no step']],
    ['rank and rank again', ['rank'], ['[rank|rank]', ' and rank again']],
    ['rank #2 failed', ['rank'], ['[rank #2|rank#2]', ' failed']],
    ['write waited for rank #2', ['rank'], ['write waited for ', '[rank #2|rank#2]']],
  ])('%s', (text, toolIds, expected) => {
    expect(parts(text, ...toolIds)).toEqual(expected);
  });

  it('is the same text, whatever the names are', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', ' ', '$', '(', '🙂'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), fc.array(name, { maxLength: 6 }), (toolIds, words) => {
        const any = new StepFinder(madeView({ steps: toolIds.map((toolId) => ({ toolId })) }));
        const text = words.join(' ');
        expect(
          partsOf(text, toolIds, any)
            .map((part) => part.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });
});
