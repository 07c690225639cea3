import { escapeText, UNSAFE } from '../../../explain/tell/escape-text.ts';
import { formatDuration } from '../../../explain/format.ts';

/** A name from a trace as it is shown: nothing in it is invisible, and nothing changes the direction of what stands beside it. */
export { escapeText as showName } from '../../../explain/tell/escape-text.ts';

/** A longer text in the same way, with its lines as they are. */
export function showText(text: string): string {
  return text.replace(UNSAFE, (found) => (found === '\n' || found === '\t' ? found : escapeText(found)));
}

/** A sentence in the same way: no line of it ends between a number and its percent sign. */
export function showSentence(text: string): string {
  return showText(text).replaceAll(/(?<=\d) %/g, '\u00A0%');
}

/** The name of a plan, for a run of it. */
export function showPlan(planName: string | undefined): string {
  return escapeText(planName ?? '') || 'unnamed run';
}

/** E.g. `v1.4.0`; one that begins with no digit says itself what it is. */
export function formatVersion(version: string): string {
  return escapeText(/^\d/.test(version) ? `v${version}` : version);
}

const JUST_NOW_MS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** E.g. `just now`, `40 s ago`, `5 min ago`, `3 days ago`. */
export function formatAgo(ms: number): string {
  if (ms < JUST_NOW_MS) return 'just now';
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  const days = Math.floor(ms / DAY_MS);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/**
 * E.g. `2026-11-27 05:03:12 UTC+1`.
 *
 * @param zone minutes that its clocks are ahead of UTC; default where the reader is
 */
export function formatInstant(
  sinceEpochMs: number,
  zone: number = -new Date(sinceEpochMs).getTimezoneOffset(),
): string {
  const text = new Date(sinceEpochMs + zone * MINUTE_MS).toISOString();
  const [hours, minutes] = [Math.trunc(zone / 60), Math.abs(zone % 60)];
  const ahead = zone === 0 ? '' : `${zone < 0 ? '-' : '+'}${Math.abs(hours)}${minutes === 0 ? '' : `:${minutes}`}`;
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC${ahead}`;
}

/** The same instant in the reader's time and in UTC, a line each. */
export function formatInstants(sinceEpochMs: number): string {
  return [...new Set([formatInstant(sinceEpochMs), formatInstant(sinceEpochMs, 0)])].join('\n');
}

/** E.g. `usually 4.1 s`. */
export function formatUsual({ medianMs }: { readonly medianMs: number }): string {
  return `usually ${formatDuration(medianMs)}`;
}

/** How much longer than usual is worth a word, in times. */
const LONGER = 1.5;

/** E.g. `3.1 times as long as usual`; undefined where it is not longer by much. */
export function formatLonger(ms: number, usualMs: number): string | undefined {
  const times = ms / usualMs;
  if (!(times >= LONGER) || usualMs <= 0) return undefined;
  return `${times < 10 ? times.toFixed(1) : Math.round(times).toLocaleString('en')} times as long as usual`;
}

/** E.g. `264 bytes`, `4.1 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The address if a link may lead there: pages only, nothing that runs. */
export function safeUrl(url: string): string | undefined {
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
}
