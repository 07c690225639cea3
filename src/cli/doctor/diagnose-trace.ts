import { jsonText } from '../json-text.ts';
import { sayFault } from '../say-fault.ts';
import { terminalWidth } from '../terminal.ts';
import { escapeText, wrapText } from '../terminal-text.ts';
import { type SourceFlags, TraceSource } from '../trace-source.ts';
import { examineTrace, type TraceDiagnosis } from './examine-trace.ts';

const MAX_STEPS = 50;
const MAX_TEXT_LINES = 4;
const FIX =
  'fix: flush before the process ends (await tracing.shutdown()), and see with orchestrace doctor -- COMMAND whether all spans are sent; a sampler or a filter on the way drops spans, too';

/**
 * `orchestrace doctor TRACE`: whether all of a trace has arrived.
 *
 * @returns the exit code: 0 complete, 1 not
 */
export async function diagnoseTrace(
  given: string | undefined,
  flags: SourceFlags & { readonly json?: boolean | undefined },
  signal: AbortSignal,
): Promise<0 | 1> {
  await using source = new TraceSource(flags, signal);
  const found = await source.traceOf(given);
  for (const note of found.notes) sayFault(note);
  const diagnosis = examineTrace(found);
  process.stdout.write(flags.json ? jsonText(toJson(diagnosis)) : `${describe(diagnosis).join('\n')}\n`);
  return diagnosis.complete ? 0 : 1;
}

function describe(diagnosis: TraceDiagnosis): string[] {
  const {
    complete,
    traceId = 'without spans',
    planName,
    plannedSteps,
    seenSteps,
    missing,
    stepsWithoutSpan,
    notes,
  } = diagnosis;
  const width = terminalWidth(process.stdout, process.env);
  const wrap = (text: string, indent = 2): string[] =>
    wrapText(escapeText(text), width - indent, MAX_TEXT_LINES).map((line) => `${' '.repeat(indent)}${line}`);
  const steps = plannedSteps > 0 ? `, ${seenSteps} of ${plannedSteps} planned steps seen` : '';
  const name = planName === undefined ? '' : ` of ${planName}`;
  const more = stepsWithoutSpan.length - MAX_STEPS;
  return [
    ...wrap(`${complete ? 'complete' : 'incomplete'}: trace ${traceId}${name}${steps}`, 0),
    ...missing.flatMap((sentence) => wrap(sentence)),
    ...stepsWithoutSpan
      .slice(0, MAX_STEPS)
      .flatMap(({ toolId, absence, reason }) =>
        wrap(`- ${toolId}: ${absence}${reason === undefined ? '' : `: ${reason}`}`),
      ),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...notes.flatMap((note) => wrap(`note: ${note}`)),
    ...(complete || plannedSteps === 0 ? [] : wrap(FIX)),
  ];
}

function toJson(diagnosis: TraceDiagnosis): object {
  const { complete, traceId, planName, plannedSteps, seenSteps, spans, missing, stepsWithoutSpan, notes } = diagnosis;
  return {
    complete,
    trace_id: traceId,
    plan_name: planName,
    planned_steps: plannedSteps,
    seen_steps: seenSteps,
    spans,
    missing,
    steps_without_span: stepsWithoutSpan.map(({ toolId, absence, reason }) => ({ tool_id: toolId, absence, reason })),
    notes,
  };
}
