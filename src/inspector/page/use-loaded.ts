import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** What came of loading something. */
export interface Loaded<T> {
  readonly value?: T;
  /** Why there is none. */
  readonly fault?: string;
}

/**
 * Loads something when a component is shown, and again whenever what it depends on changes: what was there stays until then. Undefined as long as
 * nothing came.
 *
 * @param load undefined where nothing is to be loaded
 */
export function useLoaded<T>(
  load: (() => Promise<T>) | undefined,
  dependencies: readonly unknown[],
): Loaded<T> | undefined {
  const loaded = useSignal<Loaded<T> | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    load?.().then(
      (value) => isWanted && (loaded.value = { value }),
      (error: Error) => isWanted && (loaded.value = { fault: error.message }),
    );
    return () => void (isWanted = false);
  }, [...dependencies]);
  return loaded.value;
}
