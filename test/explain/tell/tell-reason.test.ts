import { expect, it } from 'vitest';
import { tellOutcome, tellReason } from '../../../src/explain/tell/tell-reason.ts';

it.each([
  ['dependency failed: match', 'because match failed'],
  ['dependency failed: match, rates, tax', 'because match, rates and tax failed'],
  ['dependency skipped: tax', 'because tax was skipped'],
  ['dependency skipped: tax, render', 'because tax and render were skipped'],
  ['send was skipped: dependency skipped: render', 'send was skipped because render was skipped'],
  ['condition not met', 'condition not met'],
  ['no dependency failed: odd', 'no dependency failed: odd'],
])('the reason %j reads %j', (reason, told) => {
  expect(tellReason(reason)).toBe(told);
});

it('what became of a step begins with the words for its outcome', () => {
  expect(tellOutcome('failure: out of memory')).toBe('failed: out of memory');
  expect(tellOutcome('timeout')).toBe('timed out');
  expect(tellOutcome('skipped: dependency failed: match')).toBe('skipped because match failed');
  expect(tellOutcome('constructor: odd')).toBe('constructor: odd');
});
