import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitSentences, MAX_SUMMARY_LENGTH, sentence } from '../../src/explain/fit-sentences.ts';

describe('sentences that are fitted together', () => {
  it('are the first and the next', () => {
    expect(fitSentences(['One.', 'Two.', 'Three.'])).toBe('One. Two.');
  });

  it('leave out those that are not there', () => {
    expect(fitSentences([undefined, 'One.', undefined, 'Two.'])).toBe('One. Two.');
    expect(fitSentences([undefined])).toBe('');
  });

  it('leave out one that does not fit, not the one after it', () => {
    expect(fitSentences(['One.', 'x'.repeat(MAX_SUMMARY_LENGTH), 'Three.'])).toBe('One. Three.');
  });

  it('fit to the last character', () => {
    const rest = MAX_SUMMARY_LENGTH - 'One. '.length;
    expect(fitSentences(['One.', 'x'.repeat(rest)])).toHaveLength(MAX_SUMMARY_LENGTH);
    expect(fitSentences(['One.', 'x'.repeat(rest + 1)])).toBe('One.');
  });

  it('begin with as much of the first as there is room for, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ maxLength: 400 }), { nil: undefined })), (sentences) => {
        expect(fitSentences(sentences).length).toBeLessThanOrEqual(MAX_SUMMARY_LENGTH);
      }),
    );
    expect(fitSentences(['x'.repeat(MAX_SUMMARY_LENGTH + 1), 'Two.'])).toBe(`${'x'.repeat(MAX_SUMMARY_LENGTH - 1)}…`);
  });
});

describe('a sentence', () => {
  it('has a capital letter and one full stop', () => {
    expect(sentence('the run failed')).toBe('The run failed.');
    expect(sentence('The run failed!')).toBe('The run failed!');
    expect(sentence('it took…')).toBe('It took…');
  });
});
