import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { isMaterial } from '../../../explain/tell/is-material.ts';
import type { RunView } from '../../view/run-view.ts';
import { Link } from '../ui/link.tsx';
import { type GroupRow, groupRows } from './group-rows.ts';
import { Some } from './panel.tsx';

const MAX_GROUPS = 8;

/** How many steps ran at once: in the whole run, and in each group beside how many might have. */
export function Parallelism({ run }: { readonly run: RunView }): JSX.Element {
  const { parallelism, barrier } = run.explanation;
  const { achieved, peak, idleMs } = parallelism;
  const widest = Math.max(
    ...run.groups.map(({ parallelism }) => Math.max(parallelism?.declared ?? 1, parallelism?.peak ?? 1)),
  );
  return (
    <>
      <p>
        At most <b>{count(peak, 'step')}</b> at once, <b>{achieved.toFixed(1)}</b> on average while any ran
        {isMaterial(idleMs, run.durationMs) &&
          `; none ran for ${formatDuration(idleMs)} of ${formatDuration(run.durationMs)}`}
        .
      </p>
      <Some of={groupRows(run)} most={MAX_GROUPS}>
        {(group) => <Group key={group.index} group={group} widest={widest} />}
      </Some>
      {isMaterial(barrier.waitedMs, run.durationMs) && (
        <p>
          Steps waited {formatDuration(barrier.waitedMs)} in total for groups that they do not need, which cost the run{' '}
          {formatDuration(barrier.costMs)}.
        </p>
      )}
    </>
  );
}

function Group({ group, widest }: { readonly group: GroupRow; readonly widest: number }): JSX.Element {
  const { declared, peak, achieved } = group.parallelism;
  const percent = (steps: number): string => `${(steps / widest) * 100}%`;
  return (
    <li class="bar-row">
      <span class="what">
        <Link to={{ selected: `group:${group.groupIndex}` }}>group {group.groupIndex}</Link>
        {group.isSerialised && <em class="flag">declared parallel, ran one after the other</em>}
      </span>
      <span class="value">
        {peak} of {declared} at once, {achieved.toFixed(1)} on average
      </span>
      <span class={`slots ${group.isSerialised ? 'is-serialised' : ''}`} aria-hidden="true">
        <span class="declared" style={{ width: percent(declared) }} />
        <span class="peak" style={{ width: percent(peak) }} />
        <span class="achieved" style={{ width: percent(achieved) }} />
      </span>
    </li>
  );
}
