import { describe, expect, it } from 'vitest';
import { failedSteps, findSelection, nameSpan, stepOfTool } from '../../../src/inspector/page/details/selection.ts';
import { madeView } from '../made-views.ts';
import { idOf, overviewRun } from './overview.ts';

describe('findSelection', () => {
  const run = overviewRun();

  it('finds the run where nothing is selected', () => {
    expect(findSelection(run, '')).toEqual({ kind: 'run' });
  });

  it('finds what each kind of name means', () => {
    expect(findSelection(run, 'group:1')).toMatchObject({ kind: 'group', group: { groupIndex: 1 } });
    expect(findSelection(run, 'step:audit')).toMatchObject({ kind: 'step', step: { toolId: 'audit' } });
    expect(findSelection(run, `attempt:${idOf('a2')}`)).toMatchObject({ kind: 'attempt', attempt: { attempt: 2 } });
    expect(findSelection(run, 'edge:audit>publish')).toMatchObject({ kind: 'edge', edge: { kind: 'control' } });
    expect(findSelection(run, 'span:abc')).toEqual({ kind: 'span', spanId: 'abc' });
  });

  it('finds a step and an edge whatever stands in their names', () => {
    const run = madeView({
      steps: [{ toolId: 'a>b:\n' }, { toolId: 'c', dependsOn: ['a>b:\n'] }],
    });
    expect(findSelection(run, 'step:a>b:\n')).toMatchObject({ kind: 'step', at: 0 });
    expect(findSelection(run, 'edge:a>b:\n>c')).toMatchObject({ kind: 'edge', edge: { from: 0, to: 1 } });
  });

  it('says what the run does not have', () => {
    for (const name of ['step:gone', 'group:9', 'attempt:gone', 'edge:a>b', 'pie', '%'])
      expect(findSelection(run, name)).toEqual({ kind: 'nothing', name });
  });
});

describe('nameSpan', () => {
  it('names a span by what it stands for', () => {
    const run = overviewRun();
    const names = ['run', 'g1', 'audit', 'a1', 'h1'].map((id) => nameSpan(run, idOf(id)));
    expect(names).toEqual(['run', 'group:1', 'step:audit', `attempt:${idOf('a1')}`, `span:${idOf('h1')}`]);
  });
});

describe('stepOfTool', () => {
  const run = madeView({
    steps: [
      { toolId: 'act' },
      { toolId: 'act', iteration: 2 },
      { toolId: 'act', key: 'act~2', isPlanned: false, calledBy: 'act#2' },
      { toolId: 'helper', isPlanned: false },
    ],
  });

  it('finds the last pass of a tool, which says whether it is done', () => {
    expect(stepOfTool(run, 'act')?.key).toBe('act#2');
    expect(stepOfTool(run, 'helper')?.key).toBe('helper');
    expect(stepOfTool(run, 'gone')).toBeUndefined();
  });

  it('finds each pass by its number', () => {
    expect([1, 2, 3].map((iteration) => stepOfTool(run, 'act', iteration)?.key)).toEqual(['act', 'act#2', undefined]);
  });
});

describe('failedSteps', () => {
  it('has the root cause first, then by when they failed', () => {
    const run = madeView({
      steps: [
        { toolId: 'late', state: 'error', endMs: 30 },
        { toolId: 'fine' },
        { toolId: 'early', state: 'timeout', endMs: 10 },
        { toolId: 'cause', state: 'failure', endMs: 20 },
      ],
    });
    const caused = { ...run, explanation: { ...run.explanation, rootCause: 'cause' } };
    expect(failedSteps(caused).map(({ key }) => key)).toEqual(['cause', 'early', 'late']);
  });
});
