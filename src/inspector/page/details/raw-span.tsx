import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { msSince, type OtlpKeyValue, plainOf, type SpanRecord, textOf } from '../otlp-json.ts';
import { shownRun } from '../shown-run.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Link } from '../ui/link.tsx';
import { showName, showText } from '../ui/texts.ts';
import { Section } from './parts.tsx';
import { nameSpan } from './selection.ts';
import { useTree } from './use-tree.ts';

interface RawSpanProps {
  readonly spanId: string;
  /** How many spans have to be loaded for it. */
  readonly spans: number;
}

/** All that a span holds, as it was sent. */
export function RawSpan({ spanId, spans }: RawSpanProps): JSX.Element | null {
  const { value: tree, fault, load } = useTree(spanId, spans);
  if (spanId === '') return null;
  if (load)
    return (
      <button type="button" class="button" onClick={load}>
        Load its attributes: {spans.toLocaleString('en')} spans
      </button>
    );
  if (fault !== undefined) return <p class="notice is-fault">{fault}</p>;
  if (!tree) return <p class="dim">Loading its span …</p>;
  const record = tree.find(spanId);
  return record ? (
    <Record record={record} />
  ) : (
    <p class="dim">
      {shownRun.value?.nowMs === undefined
        ? 'Its span did not arrive.'
        : 'Its span arrives when it ends, each call inside when that ends.'}
    </p>
  );
}

function Record({ record: { span, resource, scope } }: { readonly record: SpanRecord }): JSX.Element {
  const { attributes = [], events = [], links = [], status } = span;
  const run = shownRun.value;
  return (
    <>
      {status?.message !== undefined && (
        <Section title="Status">
          <Attributes attributes={[{ key: 'message', value: { stringValue: status.message } }]} />
        </Section>
      )}
      <Section title={`Attributes: ${attributes.length}`}>
        <Attributes attributes={attributes} />
      </Section>
      {events.length > 0 && (
        <Section title={`Events: ${events.length}`}>
          {events.map((event, at) => (
            <div class="event" key={at}>
              <h4>
                {showName(event.name)}{' '}
                <small>
                  {formatDuration(Math.max(0, msSince(event.timeUnixNano, run?.startedAtMs ?? 0)))} after the start
                </small>
              </h4>
              <Attributes attributes={event.attributes ?? []} />
            </div>
          ))}
        </Section>
      )}
      {links.length > 0 && (
        <Section title={`Links: ${links.length}`}>
          {links.map((link, at) => (
            <div class="event" key={at}>
              <h4>
                {run && link.traceId === run.traceId ? (
                  <Link to={{ selected: nameSpan(run, link.spanId) }}>{link.spanId}</Link>
                ) : (
                  <code>
                    {link.traceId} {link.spanId}
                  </code>
                )}
              </h4>
              <Attributes attributes={link.attributes ?? []} />
            </div>
          ))}
        </Section>
      )}
      <Section title="Resource">
        <Attributes attributes={resource} />
      </Section>
      <Section title="Span">
        <Attributes
          attributes={[
            ['name', span.name],
            ['span id', span.spanId],
            ['parent span id', span.parentSpanId ?? ''],
            ['scope', `${scope.name} ${scope.version ?? ''}`.trim()],
          ]
            .filter(([, value]) => value !== '')
            .map(([key = '', value]) => ({ key, value: { stringValue: value } }))}
        />
      </Section>
    </>
  );
}

/** A value of more characters has a place of its own that scrolls. */
const LONG = 300;

function Attributes({ attributes }: { readonly attributes: readonly OtlpKeyValue[] }): JSX.Element | null {
  if (attributes.length === 0) return null;
  return (
    <dl class="attributes">
      {attributes
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, value }, at) => {
          const text = textOf(value);
          const plain = plainOf(value);
          return (
            <div key={at}>
              <dt>{showName(key)}</dt>
              <dd>
                <pre {...(text.length > LONG ? { tabIndex: 0 } : {})}>{showText(text)}</pre>
                <CopyButton text={typeof plain === 'string' ? plain : text} what={showName(key)} />
              </dd>
            </div>
          );
        })}
    </dl>
  );
}
