import type { ComponentChildren, JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { State } from '../../scene/step-states.ts';
import type { RunView, StepView } from '../../view/run-view.ts';
import { isDetailsOpen } from '../run/split.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { CLOSE, IconButton } from '../ui/icon-button.tsx';
import { Instant } from '../ui/instant.tsx';
import { StateLabel } from '../ui/state.tsx';
import { StepLink } from '../ui/step-link.tsx';
import { showName, showText } from '../ui/texts.ts';
import { selected, show } from '../url-state.ts';
import { stepOfTool } from './selection.ts';

interface HeadProps {
  /** What it is, e.g. `Step`. */
  readonly kind: string;
  readonly name: string;
  readonly state?: State | undefined;
}

export function Head({ kind, name, state }: HeadProps): JSX.Element {
  return (
    <header class="details-head">
      <h2>
        <small>{kind}</small> {showName(name)}
      </h2>
      {state && <StateLabel state={state} />}
      <IconButton label="Close the details" hint="Escape" icon={CLOSE} onClick={close} />
    </header>
  );
}

function close(): void {
  if (selected.value === '') isDetailsOpen.value = false;
  else show({ selected: '' });
}

interface SectionProps {
  readonly title: ComponentChildren;
  /** What a button beside the title copies. */
  readonly copy?: { readonly text: string; readonly what: string };
  readonly children: ComponentChildren;
}

export function Section({ title, copy, children }: SectionProps): JSX.Element {
  return (
    <section>
      <header>
        <h3>{title}</h3>
        {copy && <CopyButton {...copy} />}
      </header>
      {children}
    </section>
  );
}

/** Names with what is known of them; those of which nothing is are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === undefined || value === null || value === '' || value === false ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

interface ErrorTextProps {
  readonly text: string | undefined;
}

export function ErrorText({ text }: ErrorTextProps): JSX.Element | null {
  if (text === undefined) return null;
  return (
    <div class="error-text">
      <pre tabIndex={0}>{showText(text) || '(an error without a message)'}</pre>
      <CopyButton text={text} what="the error" />
    </div>
  );
}

/** A step with its state. */
export function Step({ step: { key, state } }: { readonly step: StepView }): JSX.Element {
  return <StepLink name={key} stepKey={key} state={state} />;
}

interface ToolLinkProps {
  readonly run: RunView;
  readonly toolId: string;
  /** The last pass where it is left out. */
  readonly iteration?: number;
}

/** A step by the id of its tool; plain text where the run does not have it. */
export function ToolLink({ run, toolId, iteration }: ToolLinkProps): JSX.Element {
  const step = stepOfTool(run, toolId, iteration);
  return step ? <Step step={step} /> : <StepLink name={toolId} stepKey={undefined} />;
}

/** A time of a run as it is said: since its start. The clock's time is its title. */
export function At({ run, ms }: { readonly run: RunView; readonly ms: number }): JSX.Element {
  return (
    <Instant atMs={run.startedAtMs + ms}>
      {formatDuration(Math.abs(ms))} {ms < 0 ? 'before' : 'after'} the start
    </Instant>
  );
}

/** Deeper entries are not indented further: there would be no room for them. */
const MAX_INDENT = 10;

interface ListProps<T> {
  readonly items: readonly T[];
  readonly item: (item: T) => ComponentChildren;
  /** How many are drawn; the others are counted. */
  readonly most?: number;
  readonly class?: string;
}

/** Entries below each other; those with a depth as a tree. */
export function List<T>({ items, item, most = 200, class: name = '' }: ListProps<T>): JSX.Element {
  return (
    <ul class={`list ${name}`}>
      {items.slice(0, most).map((one, at) => (
        <li key={at} style={{ paddingInlineStart: indentOf(one) }}>
          {item(one)}
        </li>
      ))}
      {items.length > most && <li class="dim">and {(items.length - most).toLocaleString('en')} more</li>}
    </ul>
  );
}

function indentOf(one: unknown): string {
  const { depth = 0 } = one as { depth?: number };
  return `${Math.min(depth, MAX_INDENT) * 12}px`;
}
