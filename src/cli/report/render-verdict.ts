import { painter } from '../paint.ts';
import type { TimelineOptions } from '../render-timeline.ts';
import { escapeText, wrapText } from '../terminal-text.ts';

/** It has at most 300 characters, which become more when they are escaped. */
const MAX_LINES = 12;

/** The verdict on a run as lines of the terminal. */
export function renderVerdict(verdict: string, { width, color }: Pick<TimelineOptions, 'width' | 'color'>): string {
  const paint = painter(color);
  return wrapText(escapeText(verdict), width, MAX_LINES)
    .map((line) => paint('bold', line))
    .join('\n');
}
