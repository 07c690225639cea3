import { trace, type Meter, type Tracer } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  configure,
  createOrchestrace,
  isReportedFailure,
  traceOrchestration,
  traceTool,
  type TraceOptions,
} from '../src/index.ts';
import { OPTIONS, resolveOptions } from '../src/options.ts';
import { throwing } from './helpers/hostile.ts';
import { attribute, record, useContextManager } from './helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => {
  vi.unstubAllEnvs();
  trace.disable();
  configure({});
});

describe('options', () => {
  it('have these defaults and environment variables', () => {
    const rows = Object.entries(OPTIONS).map(([key, row]) => [
      key,
      typeof row.default === 'function' ? 'a function' : row.default,
      row.env,
    ]);
    expect(rows).toMatchInlineSnapshot(`
      [
        [
          "announcePlan",
          true,
          "ORCHESTRACE_ANNOUNCE_PLAN",
        ],
        [
          "recordInputs",
          false,
          "ORCHESTRACE_RECORD_INPUTS",
        ],
        [
          "recordOutputs",
          false,
          "ORCHESTRACE_RECORD_OUTPUTS",
        ],
        [
          "skippedSpans",
          true,
          "ORCHESTRACE_SKIPPED_SPANS",
        ],
        [
          "metrics",
          true,
          "ORCHESTRACE_METRICS",
        ],
        [
          "conventions",
          [],
          "ORCHESTRACE_CONVENTIONS",
        ],
        [
          "maxAttributeBytes",
          8192,
          "ORCHESTRACE_MAX_ATTRIBUTE_BYTES",
        ],
        [
          "isFailure",
          "a function",
          null,
        ],
        [
          "redact",
          undefined,
          null,
        ],
        [
          "spanName",
          undefined,
          null,
        ],
        [
          "attributes",
          undefined,
          null,
        ],
        [
          "tracer",
          undefined,
          null,
        ],
        [
          "meter",
          undefined,
          null,
        ],
      ]
    `);
    expect(resolveOptions()).toMatchObject({
      announcePlan: true,
      recordInputs: false,
      maxAttributeBytes: 8192,
      conventions: [],
    });
  });

  it('come from the caller, then the environment, then the default', () => {
    vi.stubEnv('ORCHESTRACE_RECORD_INPUTS', 'true');
    vi.stubEnv('ORCHESTRACE_MAX_ATTRIBUTE_BYTES', '1024');
    vi.stubEnv('ORCHESTRACE_CONVENTIONS', 'gen_ai, openinference');
    expect(resolveOptions({ maxAttributeBytes: 512 })).toMatchObject({
      recordInputs: true,
      recordOutputs: false,
      maxAttributeBytes: 512,
      conventions: ['gen_ai', 'openinference'],
    });
    expect(resolveOptions({ recordInputs: undefined }).recordInputs).toBe(true);
    expect(resolveOptions({ recordInputs: false }).recordInputs).toBe(false);
  });

  it('of a call stand above those of its orchestrace, and not of the environment again', () => {
    vi.stubEnv('ORCHESTRACE_RECORD_INPUTS', '1');
    const base = resolveOptions({ recordInputs: false, recordOutputs: true });
    expect(resolveOptions({ skippedSpans: false }, base)).toMatchObject({
      recordInputs: false,
      recordOutputs: true,
      skippedSpans: false,
    });
  });

  it.each([
    ['true', true],
    ['TRUE', true],
    [' 1 ', true],
    ['false', false],
    ['0', false],
    ['', false],
    ['  ', false],
  ])('read %j in the environment as %s', (text, expected) => {
    vi.stubEnv('ORCHESTRACE_RECORD_OUTPUTS', text);
    const onBad = vi.fn();
    expect(resolveOptions({}, undefined, onBad).recordOutputs).toBe(expected);
    expect(onBad).not.toHaveBeenCalled();
  });

  it('warn of what the environment says wrongly, and pass it over', () => {
    const wrong = {
      ORCHESTRACE_ANNOUNCE_PLAN: 'yes',
      ORCHESTRACE_MAX_ATTRIBUTE_BYTES: '12',
      ORCHESTRACE_CONVENTIONS: 'gen_ai,other',
      ORCHESTRACE_METRICS: 'x'.repeat(5000),
    };
    for (const [name, text] of Object.entries(wrong)) vi.stubEnv(name, text);
    const onBad = vi.fn();
    expect(resolveOptions({}, undefined, onBad)).toEqual(
      Object.fromEntries(Object.entries(OPTIONS).map(([key, row]) => [key, row.default])),
    );
    expect(onBad.mock.calls.map(([message]: string[]) => message!.slice(0, 140))).toMatchInlineSnapshot(`
      [
        "ORCHESTRACE_ANNOUNCE_PLAN must be true or false, got "yes"; using the default",
        "ORCHESTRACE_METRICS must be true or false, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ORCHESTRACE_CONVENTIONS must be a list of "gen_ai", "openinference", got "gen_ai,other"; using the default",
        "ORCHESTRACE_MAX_ATTRIBUTE_BYTES must be an integer of at least 256, got "12"; using the default",
      ]
    `);
  });

  it.each<[string, unknown]>([
    ['announcePlan', 'yes'],
    ['recordInputs', 1],
    ['metrics', null],
    ['conventions', 'gen_ai'],
    ['conventions', ['gen_ai', 'other']],
    ['maxAttributeBytes', 255],
    ['maxAttributeBytes', 1024.5],
    ['maxAttributeBytes', Infinity],
    ['maxAttributeBytes', '1024'],
    ['redact', 'text'],
    ['isFailure', true],
    ['spanName', {}],
    ['tracer', 'tracer'],
    ['meter', null],
    ['attributes', 'text'],
  ])('that are wrong are a TypeError that names %s', (key, value) => {
    expect(() => createOrchestrace({ [key]: value })).toThrow(TypeError);
    expect(() => createOrchestrace({ [key]: value })).toThrow(`option ${key} must be `);
    expect(() => traceTool('tool', () => 1, { [key]: value })).toThrow(`option ${key} must be `);
    expect(() => traceOrchestration(undefined, () => 1, { [key]: value })).toThrow(`option ${key} must be `);
    expect(() => configure({ [key]: value })).toThrow(`option ${key} must be `);
  });

  it('that are none at all are a TypeError', () => {
    for (const value of [null, 1, 'x'])
      expect(() => createOrchestrace(value as unknown as TraceOptions)).toThrow('options must be an object');
  });

  it('cannot be changed once they are decided', () => {
    expect(Object.isFrozen(resolveOptions())).toBe(true);
  });

  it('take anything that has the methods as tracer and meter', () => {
    const [tracer, meter] = [{} as Tracer, {} as Meter];
    expect(resolveOptions({ tracer, meter })).toMatchObject({ tracer, meter });
  });
});

describe('configure', () => {
  it('sets what the imported functions do from then on, also those that were made before', () => {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
    const [plain, own] = [
      traceTool('plain', (_input: unknown) => 1),
      traceTool('own', (_input: unknown) => 1, { recordOutputs: true }),
    ];
    plain('secret');
    configure({ recordInputs: true });
    plain('shown');
    own('shown');
    traceTool('other', (_input: unknown) => 1, { recordInputs: false })('secret');
    const seen = exporter
      .getFinishedSpans()
      .map((span) => [span.name, attribute(span, 'input'), attribute(span, 'output')]);
    expect(seen).toEqual([
      ['step plain', undefined, undefined],
      ['step plain', '"shown"', undefined],
      ['step own', '"shown"', '1'],
      ['step other', undefined, undefined],
    ]);
  });

  it('does not touch an orchestrace of its own', () => {
    const recording = record();
    configure({ recordInputs: true });
    recording.traceTool('tool', (_input: unknown) => 1)('secret');
    expect(attribute(recording.spans()[0]!, 'input')).toBeUndefined();
  });
});

describe('whose options count for a step', () => {
  it('those of the tool, else those of the run, whatever orchestrace wrapped the tool', () => {
    const recording = record();
    const plain = recording.traceTool('plain', (_input: unknown) => 1);
    const own = recording.traceTool('own', (_input: unknown) => 1, { recordInputs: false });
    const foreign = createOrchestrace().traceTool('foreign', (_input: unknown) => 1);
    recording.traceOrchestration(undefined, () => void [plain('a'), own('a'), foreign('a')], { recordInputs: true });
    expect(recording.ofType('step').map((step) => [attribute(step, 'tool_id'), attribute(step, 'input')])).toEqual([
      ['plain', '"a"'],
      ['own', undefined],
      ['foreign', '"a"'],
    ]);
  });
});

describe('isReportedFailure', () => {
  it('reads own data properties only', () => {
    expect([{ success: false }, { isError: true }, { success: false, isError: false }].map(isReportedFailure)).toEqual([
      true,
      true,
      true,
    ]);
    const getter = Object.defineProperty({}, 'success', { get: throwing('success') });
    const others = [
      getter,
      Object.create({ success: false }),
      { success: 0 },
      { isError: 'yes' },
      {},
      [],
      'false',
      null,
      undefined,
      () => 1,
    ];
    expect(others.map(isReportedFailure)).toEqual(others.map(() => false));
  });
});
