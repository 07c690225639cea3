import { shorten } from './format.ts';

/** Longest summary of a run or a comparison, in UTF-16 code units. */
export const MAX_SUMMARY_LENGTH = 300;

/**
 * Joins sentences, the most important first: the first that is there, cut if need be, and the next that fits whole.
 *
 * @returns at most {@link MAX_SUMMARY_LENGTH} characters in one line
 */
export function fitSentences(sentences: readonly (string | undefined)[]): string {
  const [first = '', ...more] = sentences.filter((sentence) => sentence !== undefined);
  const head = shorten(first, MAX_SUMMARY_LENGTH);
  const next = more.find((sentence) => head.length + sentence.length < MAX_SUMMARY_LENGTH);
  return next === undefined ? head : `${head} ${next}`;
}

/** With a capital letter and a full stop, where it has none. */
export function sentence(clause: string): string {
  return stop(`${clause.charAt(0).toUpperCase()}${clause.slice(1)}`);
}

/** With a full stop, where it has no end. */
export function stop(clause: string): string {
  return /[.!?…]$/.test(clause) ? clause : `${clause}.`;
}
