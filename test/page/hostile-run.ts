import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { made, ours } from '../explain/made-spans.ts';

/** Texts that would run something, or make elements, where they were taken for more than texts. */
export const HOSTILE_TEXTS: readonly string[] = [
  '<img src=x onerror="window.pwned=1">',
  '"><svg onload="window.pwned=1">',
  '" onmouseover="window.pwned=1',
  "' autofocus onfocus='window.pwned=1",
  '</script><script>window.pwned=1</script>',
  '</title></style><iframe srcdoc="<script>parent.pwned=1</script>">',
  'javascript:window.pwned=1',
  'data:text/html,<script>opener.pwned=1</script>',
  "{{constructor.constructor('window.pwned=1')()}}${window.pwned=1}",
];

/** A run whose every name is a text: each of the texts is a step, fails with itself, and has a call that says it wherever a span can. */
export function hostileRun(text: string, traceId: string): ReceivedSpan[] {
  const status = { code: 'error', message: text } as const;
  const attributes = { 'plan.name': text, strategy: text, outcome: 'failure', 'run.id': text };
  const execution_plan = JSON.stringify({ strategy: text, execution_groups: [{ tools: HOSTILE_TEXTS.map(toolOf) }] });
  const spans = [
    ours('run', 'run', { name: text, ms: [0, 100], attributes, status }),
    ours('plan', 'plan', { name: text, parent: 'run', attributes: { execution_plan } }),
    ...HOSTILE_TEXTS.flatMap(stepSpans),
  ];
  const resource = new Map(['service.name', 'service.version', 'host.name', text].map((key) => [key, text]));
  return spans.map((span) => ({ ...span, traceId, resource, scope: { name: text, version: text } }));
}

function toolOf(text: string, at: number): object {
  const needed = HOSTILE_TEXTS.slice(0, at).slice(-1);
  return { tool_id: text, tool_type: text, depends_on: needed, output_mapping: mappingOf(text, needed) };
}

function mappingOf(text: string, needed: readonly string[]): Record<string, string> {
  return Object.fromEntries(needed.map((id) => [text, `{[${JSON.stringify(id)}].${text}}`]));
}

function stepSpans(text: string, at: number): ReceivedSpan[] {
  const needed = HOSTILE_TEXTS.slice(0, at).slice(-1);
  const mapping = mappingOf(text, needed);
  const mappings = Object.entries(mapping).map(([field, ref]) => ({ field, ref, resolved: true, type: text }));
  const attributes = {
    tool_id: text,
    tool_type: text,
    group_index: 0,
    execution_order: at,
    depends_on: needed,
    outcome: 'failure',
    output_mapping: JSON.stringify(mapping),
    mappings: JSON.stringify(mappings),
  };
  const [ms, status] = [[at * 10, at * 10 + 9] as const, { code: 'error', message: text } as const];
  const call = made(`call${at}`, {
    name: text,
    parent: `step${at}`,
    kind: 'client',
    ms,
    attributes: { [text]: text },
    status,
  });
  const own = new Map([[text, text]]);
  const said = {
    events: [{ timeNs: call.startNs, name: text, attributes: own }],
    links: [{ traceId: 'd'.repeat(32), spanId: 'd'.repeat(16), attributes: own }],
  };
  return [
    { ...ours('step', `step${at}`, { name: text, parent: 'run', ms, attributes, status }), ...said },
    { ...call, ...said },
  ];
}
