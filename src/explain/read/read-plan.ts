import {
  ATTR_ORCHESTRATION_EXECUTION_PLAN,
  ATTR_ORCHESTRATION_PLAN_PART,
  ATTR_ORCHESTRATION_PLAN_PARTS,
} from '../../semconv.ts';
import { Wording } from '../format.ts';
import { asList, asRecord, integerAt, parseJson, readMapping, textAt, textsOf } from './read-attributes.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { DeclaredPlan, DeclaredTool } from './run.ts';

/**
 * Joins the parts of a plan and reads it.
 *
 * @param spans those that carry the plan or a part of it, in any order
 * @returns the plan, or a note that says why there is none; neither without spans
 */
export function readPlan(spans: readonly ReceivedSpan[]): { plan?: DeclaredPlan; note?: string } {
  const parts = new Map<number, string>();
  let expected = 0;
  for (const { attributes } of spans) {
    const text = textAt(attributes, ATTR_ORCHESTRATION_EXECUTION_PLAN);
    if (text === undefined) continue;
    const part = integerAt(attributes, ATTR_ORCHESTRATION_PLAN_PART) ?? 1;
    expected = Math.max(expected, integerAt(attributes, ATTR_ORCHESTRATION_PLAN_PARTS) ?? 1);
    parts.set(part, parts.get(part) ?? text);
  }
  if (parts.size === 0) return {};
  if (parts.size < expected)
    return { note: `${expected - parts.size} of ${expected} parts of the plan did not arrive` };

  const texts = [...parts].toSorted(([a], [b]) => a - b).map(([, text]) => text);
  const json = parseJson(texts.join(''));
  return json === undefined ? { note: 'the plan is no JSON: it was cut on its way' } : planOf(json);
}

function planOf(json: unknown): { plan: DeclaredPlan; note?: string } {
  const { strategy, execution_groups: groups, error } = asRecord(json);
  const known = new Set<string>();
  const repeated = new Set<string>();
  const isFirst = ({ toolId }: DeclaredTool): boolean => {
    const isKnown = known.has(toolId);
    if (isKnown) repeated.add(toolId);
    known.add(toolId);
    return !isKnown;
  };
  const plan = {
    strategy: typeof strategy === 'string' ? strategy : undefined,
    groups: asList(groups).map((group) => asList(asRecord(group).tools).flatMap(toolOf).filter(isFirst)),
    error: typeof error === 'string' ? error : undefined,
  };
  if (repeated.size === 0) return { plan };
  return { plan, note: `the plan has ${new Wording().names([...repeated])} more than once: the first counts` };
}

function toolOf(value: unknown): DeclaredTool[] {
  const record = asRecord(value);
  const { tool_id: toolId, tool_type: toolType, depends_on: dependsOn, output_mapping: mapping } = record;
  if (typeof toolId !== 'string') return [];
  return [
    {
      toolId,
      toolType: typeof toolType === 'string' ? toolType : undefined,
      dependsOn: textsOf(dependsOn),
      outputMapping: readMapping(mapping),
      ...(record.join === 'any' && { joinsAny: true }),
    },
  ];
}
