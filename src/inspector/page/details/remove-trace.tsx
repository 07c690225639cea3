import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { backToList } from '../run-list/way-back.ts';
import { source } from '../source.ts';
import { say } from '../ui/announcer.tsx';
import { show } from '../url-state.ts';

/** Removes a trace from the store, once it is asked for a second time. */
export function RemoveTrace({ traceId }: { readonly traceId: string }): JSX.Element {
  const isSure = useSignal(false);
  const remove = async (): Promise<void> => {
    try {
      await source.remove(traceId);
      say('Removed the trace.');
      show(backToList());
    } catch (error) {
      say((error as Error).message);
    }
  };
  return (
    <button
      type="button"
      class="button"
      onClick={() => (isSure.value ? void remove() : (isSure.value = true))}
      onBlur={() => (isSure.value = false)}
    >
      {isSure.value ? 'Remove it for good' : 'Remove this trace…'}
    </button>
  );
}
