import { describe, expect, it } from 'vitest';
import { SearchIndex } from '../../../src/inspector/page/search-index.ts';
import { SpanTree } from '../../../src/inspector/page/span-tree.ts';
import { overviewSpans } from '../../explain/made-spans.ts';
import { madeView } from '../made-views.ts';
import { asTraces, idOf, overviewRun } from './overview.ts';

describe('SearchIndex', () => {
  const index = new SearchIndex(overviewRun(), new SpanTree(asTraces(overviewSpans())).records);
  const find = (text: string): string[] => index.find(text).order.map(({ selected }) => selected);

  it('finds spans by anything they hold, and the step that they are below of', () => {
    const found = index.find('127.0.0.1');
    expect([...found.steps]).toEqual(['audit']);
    expect([...found.spans]).toEqual([idOf('h1')]);
    expect(found.order).toEqual([{ selected: `span:${idOf('h1')}`, step: 'audit' }]);
  });

  it('finds names, tool ids, keys, values and status messages, in small letters and capitals', () => {
    expect(find('"Step Primary"')).toEqual(['step:primary']);
    expect(find('url.full')).toEqual([`span:${idOf('h1')}`]);
    expect(find('ANSWERED 502')).toEqual([`attempt:${idOf('a1')}`]);
  });

  it('wants every word', () => {
    expect(find('audit 502')).toEqual([`attempt:${idOf('a1')}`]);
    expect(find('audit nowhere')).toEqual([]);
  });

  it('matches an attribute by the end of its name', () => {
    expect(find('tool_type=ci_look')).toEqual(['step:primary', 'step:secondary']);
    expect(find('orchestration.outcome=skip')).toEqual(['step:publish', 'group:2']);
    expect(find('type=nothing')).toEqual([]);
  });

  it('goes through the run in its order, what is of no step last', () => {
    expect(find('outcome=failure')).toEqual([
      'step:audit',
      `attempt:${idOf('a1')}`,
      `attempt:${idOf('a2')}`,
      'run',
      'group:1',
    ]);
  });

  it('does not find every tool in the plan', () => {
    expect(find('aggregate')).toEqual(['step:aggregate']);
    expect(find('execution_plan=aggregate')).toEqual([`span:${idOf('plan')}`]);
  });

  it('finds spans by a word of their resource where nothing else has it', () => {
    const resource = new Map([
      ['service.version', '2.0.0'],
      ['deployment.name', 'audit-vm'],
    ]);
    const spans = overviewSpans().map((span) => (span.name === 'GET' ? { ...span, resource } : span));
    const index = new SearchIndex(overviewRun(), new SpanTree(asTraces(spans)).records);
    for (const text of ['2.0.0', 'deployment', 'VM', 'service.version=2'])
      expect(index.find(text).order).toEqual([{ selected: `span:${idOf('h1')}`, step: 'audit' }]);
    expect(index.find('audit').order.map(({ selected }) => selected)).toEqual(find('audit'));
  });

  it('finds nothing where nothing is searched for', () => {
    expect(find('  ')).toEqual([]);
  });

  it('finds planned steps that have no span', () => {
    const run = madeView({ steps: [{ toolId: 'fetch', state: 'planned', toolType: 'http' }] });
    expect(new SearchIndex(run, []).find('FETCH tool_type=http').order).toEqual([
      { selected: 'step:fetch', step: 'fetch' },
    ]);
  });

  it('ends where parents form a cycle', () => {
    const cycle = asTraces(
      overviewSpans().map((span) =>
        span.name === 'h1' || span.name === 'GET' ? { ...span, parentSpanId: idOf('h2') } : span,
      ),
    );
    const index = new SearchIndex(overviewRun(), new SpanTree(cycle).records);
    expect(index.find('127.0.0.1').order).toEqual([{ selected: `span:${idOf('h1')}`, step: undefined }]);
  });
});
