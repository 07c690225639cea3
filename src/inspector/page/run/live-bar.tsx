import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { RunView } from '../../view/run-view.ts';
import { isConnected, loadFault } from '../load-run.ts';
import { nowMs } from '../shown-run.ts';
import { isSavedFile } from '../source.ts';

/** What stands in the way of seeing the run as it is now; nothing where nothing does. */
export function LiveBar({ run }: { readonly run: RunView }): JSX.Element {
  return (
    <div role="status" class="live-bar">
      {!isConnected.value && !isSavedFile && (
        <p class="notice is-warning">
          The Inspector does not answer: what is shown may be old. The page connects again by itself; if it was stopped,
          start it with <code>npx orchestrace inspect</code>.
        </p>
      )}
      {run.silentSinceMs !== undefined && (
        <p class="notice is-warning">
          Its process has been silent for {formatDuration(Math.max(0, nowMs.value - run.silentSinceMs))}: an endless
          loop or long work without a pause keeps its event loop busy, or it is halted, for example by a debugger.
        </p>
      )}
      {loadFault.value !== undefined && isConnected.value && <p class="notice is-fault">{loadFault.value}</p>}
      {run.totalSteps !== undefined && (
        <p class="notice is-warning">
          This run has {run.totalSteps.toLocaleString('en')} steps. The first {run.steps.length.toLocaleString('en')}{' '}
          are shown; the verdict and the report count all of them.
        </p>
      )}
    </div>
  );
}
