import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { nameStep } from '../../../explain/tell/name-step.ts';
import type { RunView } from '../../view/run-view.ts';
import { StepLink } from '../ui/step-link.tsx';
import { BarRow } from './bar-row.tsx';
import { Some } from './panel.tsx';
import type { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';

const MAX_LINES = 10;
const MAX_BOTTLENECKS = 5;

interface PartProps {
  readonly run: RunView;
  readonly finder: StepFinder;
}

interface LinesProps extends PartProps {
  readonly lines: readonly string[];
}

/** What is wrong, a sentence each. */
export function Faults({ run, finder, lines }: LinesProps): JSX.Element {
  return (
    <Some of={lines} most={MAX_LINES}>
      {(line) => (
        <li key={line} class="fault">
          <StepText text={line} toolIds={findingOf(run, line)?.toolIds ?? []} finder={finder} />
        </li>
      )}
    </Some>
  );
}

/** What took time, each with how much of it could be saved. */
export function Losses({ run, finder, lines }: LinesProps): JSX.Element {
  return (
    <Some of={lines} most={MAX_LINES}>
      {(line) => {
        const { kind = '', text = line, toolIds = [], savesMs = 0 } = findingOf(run, line) ?? {};
        return (
          <BarRow
            key={line}
            share={savesMs / run.durationMs}
            color="accent"
            value={savesMs > 0 && `${REMEDIES[kind] ?? ''}saves about ${formatDuration(savesMs)}`}
          >
            <StepText text={text} toolIds={toolIds} finder={finder} />
          </BarRow>
        );
      }}
    </Some>
  );
}

/** The other findings say themselves what would save time. */
const REMEDIES: Readonly<Record<string, string>> = { bottleneck: 'twice as fast ', retries: 'one attempt ' };

/** The finding that a line of a section tells: it begins with it. */
function findingOf({ explanation }: RunView, line: string): RunView['explanation']['findings'][number] | undefined {
  return explanation.findings.find(({ text }) => line.startsWith(text));
}

/** What saves less than this share of a run is no bottleneck. */
const MATERIAL_SHARE = 0.01;

type Bottleneck = RunView['explanation']['bottlenecks'][number];

/** The steps that would shorten the run, were they twice as fast, by how much. */
export function bottlenecksOf({ explanation, durationMs }: RunView): readonly Bottleneck[] {
  return explanation.bottlenecks.filter(({ savesMs }) => savesMs >= durationMs * MATERIAL_SHARE);
}

export function Bottlenecks({
  run,
  finder,
  bottlenecks,
}: PartProps & { readonly bottlenecks: readonly Bottleneck[] }): JSX.Element {
  return (
    <Some of={bottlenecks} most={MAX_BOTTLENECKS}>
      {(step) => (
        <BarRow
          key={nameStep(step)}
          share={step.savesMs / run.durationMs}
          color="critical"
          value={`saves ${formatDuration(step.savesMs)} of ${formatDuration(run.durationMs)}`}
        >
          <StepLink name={nameStep(step)} stepKey={finder.key(step.toolId, step.iteration)} />{' '}
          <small>took {formatDuration(step.durationMs)}</small>
        </BarRow>
      )}
    </Some>
  );
}
