import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

describe('a tool that comes again in a run', () => {
  it('counts as failed only if it failed the last time, when it is planned', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }, { tool_id: 'b' }] }, (run) => {
      expect(() => run.step('a', fail)).toThrow('no');
      expect(() => run.step('b', fail)).toThrow('no');
      run.step('a', () => 'yes');
      run.skip('b', 'not again');
    });
    const run = recording.ofType('run')[0]!;
    expect(attribute(run, 'failed')).toBeUndefined();
    expect(attribute(run, 'root_cause')).toBeUndefined();
    expect(attribute(run, 'skipped')).toEqual(['b']);
  });

  it('counts as failed if it ever failed, when it is not', () => {
    const recording = record();
    recording.traceOrchestration(undefined, (run) => {
      expect(() => run.step('fetch', fail)).toThrow('no');
      expect(() => run.step('fetch', fail)).toThrow('no');
      run.step('fetch', () => 'yes');
    });
    expect(attribute(recording.ofType('run')[0]!, 'failed')).toEqual(['fetch']);
  });
});

function fail(): never {
  throw new Error('no');
}
