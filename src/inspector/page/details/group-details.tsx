import type { JSX } from 'preact';
import { count } from '../../../explain/format.ts';
import { tookText } from '../../scene/texts.ts';
import type { GroupView, RunView } from '../../view/run-view.ts';
import { At, Facts, Head, List, Section, Step } from './parts.tsx';
import { RawSpan } from './raw-span.tsx';

interface GroupProps {
  readonly run: RunView;
  readonly group: GroupView;
  /** Index of the group. */
  readonly at: number;
}

export function GroupDetails({ run, group, at }: GroupProps): JSX.Element {
  const { startMs, parallelism, spanId } = group;
  const steps = run.steps.filter((step) => step.group === at);
  const spans = steps.reduce((sum, { spanCount }) => sum + spanCount + 1, 1);
  return (
    <>
      <Head kind="Group" name={String(group.groupIndex)} state={group.outcome} />
      <Facts
        facts={[
          ['Runs', group.isParallel ? 'its steps in parallel' : 'one step'],
          ['Took', tookText(group)],
          ['Started', startMs !== undefined && <At run={run} ms={startMs} />],
          ['At once', run.state === 'ended' && parallelism && atOnce(parallelism)],
        ]}
      />
      <Section title={count(steps.length, 'step')}>
        <List
          items={steps}
          item={(step) => (
            <>
              <Step step={step} /> <small>{tookText(step)}</small>
            </>
          )}
        />
      </Section>
      {spanId !== undefined && <RawSpan spanId={spanId} spans={spans} />}
    </>
  );
}

function atOnce({ declared, peak, achieved }: NonNullable<GroupView['parallelism']>): string {
  return `at most ${peak} of ${declared}, ${achieved.toFixed(1)} on average`;
}
