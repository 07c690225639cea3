import type { JSX } from 'preact';
import type { EdgeView, RunView } from '../../view/run-view.ts';
import { Facts, Head, Step } from './parts.tsx';
import { MappingTable } from './mapping-table.tsx';

/** Who needs whom, and what is handed over. */
export function EdgeDetails({ run, edge }: { readonly run: RunView; readonly edge: EdgeView }): JSX.Element {
  const [from, to] = [run.steps[edge.from], run.steps[edge.to]];
  const fields = new Set(edge.mappings.map(({ field }) => field));
  return (
    <>
      <Head kind={edge.kind === 'data' ? 'Data' : 'Dependency'} name={`${from?.key} → ${to?.key}`} />
      <Facts
        facts={[
          ['From', from && <Step step={from} />],
          ['To', to && <Step step={to} />],
          ['Declared', edge.isDeclared ? 'in depends_on' : 'no: it reads the output without naming it in depends_on'],
          ['Critical path', edge.isCritical && 'an edge of it'],
        ]}
      />
      <MappingTable
        outputMapping={Object.fromEntries(edge.mappings.map(({ field, ref }) => [field, ref]))}
        mappings={to?.mappings.filter(({ field }) => fields.has(field)) ?? []}
      />
    </>
  );
}
