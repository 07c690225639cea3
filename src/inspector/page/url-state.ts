import { computed, signal } from '@preact/signals';
import { formatAddress, NOTHING, parseAddress, type Shown } from './address.ts';
import { isSavedFile } from './source.ts';

export type { Shown, ViewName } from './address.ts';

export const shown = signal<Shown>(parseAddress(location, isSavedFile));
/** The views that are asked for most, so that a part of the page is drawn again only when its part changes. */
export const selected = computed(() => shown.value.selected);
export const view = computed(() => shown.value.view);

const readAgain = (): void => void (shown.value = parseAddress(location, isSavedFile));
addEventListener('popstate', readAgain);
if (isSavedFile) addEventListener('hashchange', readAgain);

/**
 * Shows something else.
 *
 * @param isStep whether the back button of the browser leads back here; not for what changes all the time, such as a zoom
 */
export function show(change: Partial<Shown>, isStep = true): void {
  const next = { ...shown.value, ...change };
  const address = addressOf(next);
  if (address !== addressOf(shown.value)) history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  shown.value = next;
}

/** The address of a run, or of what is shown with a change: for links. */
export function addressOf(to: Partial<Shown>): string {
  return formatAddress({ ...NOTHING, ...to }, isSavedFile);
}
