import type { Outcome } from '../../semconv.ts';

/** How an outcome is told: a mark that is readable without colour, and the words for it. */
export const OUTCOMES: Readonly<Record<Outcome | 'unknown', readonly [mark: string, words: string]>> = {
  success: ['✓', 'succeeded'],
  failure: ['✗', 'failed'],
  error: ['!', 'could not run'],
  timeout: ['◷', 'timed out'],
  cancellation: ['⊘', 'cancelled'],
  skip: ['-', 'skipped'],
  unknown: ['·', 'has no outcome'],
};
