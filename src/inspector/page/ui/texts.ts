import { escapeText, UNSAFE } from '../../../explain/tell/escape-text.ts';
import { formatDuration } from '../../../explain/format.ts';

/** A name from a trace as it is shown: nothing in it is invisible, and nothing changes the direction of what stands beside it. */
export { escapeText as showName } from '../../../explain/tell/escape-text.ts';

/** A longer text in the same way, with its lines as they are. */
export function showText(text: string): string {
  return text.replace(UNSAFE, (found) => (found === '\n' || found === '\t' ? found : escapeText(found)));
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

/** E.g. `2026-11-27 05:03:12` in the reader's time. */
export function formatInstant(sinceEpochMs: number): string {
  const date = new Date(sinceEpochMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
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
