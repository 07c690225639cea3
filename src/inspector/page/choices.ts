import { type Signal, signal } from '@preact/signals';

const PREFIX = 'orchestrace.';

/** Something about the page that the reader chose before; undefined where browsers keep nothing, as for some files. */
export function readChoice(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writeChoice(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // It is forgotten then.
  }
}

/** Whether something is open, as the reader left it; at first it is. */
export function openUnlessClosed(name: string): Signal<boolean> {
  const isOpen = signal(readChoice(name) !== 'closed');
  isOpen.subscribe((isNow) => writeChoice(name, isNow ? 'open' : 'closed'));
  return isOpen;
}
