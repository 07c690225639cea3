import type { JSX } from 'preact';
import type { StepView } from '../../view/run-view.ts';
import { formatBytes, showName } from '../ui/texts.ts';
import { Section } from './parts.tsx';

/** What a step reads of whom, and what each reference gave. */
export function MappingTable({
  outputMapping,
  mappings,
}: Pick<StepView, 'outputMapping' | 'mappings'>): JSX.Element | null {
  const given = new Map(mappings.map((record) => [record.field, record]));
  const fields = new Map([
    ...mappings.map(({ field, ref }) => [field, ref] as const),
    ...Object.entries(outputMapping),
  ]);
  if (fields.size === 0) return null;
  return (
    <Section title="Reads">
      <table class="mappings">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">From</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {Array.from(fields, ([field, ref]) => (
            <tr key={field}>
              <th scope="row">{showName(field)}</th>
              <td>
                <code>{showName(ref)}</code>
              </td>
              <td>{describe(given.get(field))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function describe(record: StepView['mappings'][number] | undefined): JSX.Element | string {
  if (!record) return 'unknown';
  if (!record.resolved) return <strong class="is-fault">found nothing</strong>;
  const { type = 'found', bytes } = record;
  return bytes === undefined ? type : `${type}, ${formatBytes(bytes)}`;
}
