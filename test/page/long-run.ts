import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { madeRunSpans, type MadeTool } from '../explain/made-runs.ts';

/** Names that are hard to place: long without a place to break, wide, of joined signs, from right to left, of many words. */
export const LONG_NAMES: readonly string[] = [
  'load_customer_'.repeat(15).slice(0, 200),
  'W'.repeat(200),
  '👩‍👩‍👧‍👦🏳️‍🌈'.repeat(20),
  'مرحبا بالعالم '.repeat(14).trim(),
  'a name of many short words '.repeat(8).trim(),
];

/** A run whose every name is one of them: its plan, its service, its steps, what they are of, and why they failed. */
export function longRun(planName: string, traceId: string): ReceivedSpan[] {
  const tools = LONG_NAMES.map((name, at): [string, MadeTool] => {
    const needs = LONG_NAMES.slice(0, at).slice(-1);
    const mapping = Object.fromEntries(needs.map((id) => [name, `{[${JSON.stringify(id)}].${name}}`]));
    return [name, { type: name, needs, mapping, ms: [at * 10, at * 10 + 9], outcome: 'failure', error: name }];
  });
  const spans = madeRunSpans({
    name: planName,
    strategy: planName,
    ms: 60,
    outcome: 'failure',
    error: planName,
    traceId,
    tools: Object.fromEntries(tools),
  });
  const resource = new Map(['service.name', 'service.version', 'host.name'].map((key) => [key, planName]));
  return spans.map((span) => ({ ...span, resource }));
}
