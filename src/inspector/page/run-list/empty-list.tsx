import type { JSX } from 'preact';
import { count } from '../../../explain/format.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { OpenFile } from './open-file.tsx';

/** What tracing needs beside orchestrace. */
const SDK = '@opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-http';

/** What to do as long as there is no run: lines to paste, with the address of this Inspector in them. */
export function EmptyList({ traces }: { readonly traces: number }): JSX.Element {
  const { origin } = location;
  return (
    <section class="empty">
      <h2>No runs yet</h2>
      {traces > 0 && (
        <p>
          {count(traces, 'trace')} arrived and {traces === 1 ? 'holds' : 'hold'} no run: see below.
        </p>
      )}
      <p>This page shows each run as soon as it starts. Send traces here:</p>
      <h3>See a run right now</h3>
      <Line
        code={`npm install orchestrace ${SDK} @opentelemetry/instrumentation-undici
ORCHESTRACE_INSPECTOR_URL=${origin} npx orchestrace demo`}
      />
      <h3>A program that has OpenTelemetry</h3>
      <Line code={`OTEL_EXPORTER_OTLP_ENDPOINT=${origin} node app.js`} />
      <p>To see its steps before they end, give it one more span processor:</p>
      <Line code={`orchestraceProcessor({ inspectorUrl: '${origin}' }) // from orchestrace/node`} />
      <h3>A program that has none yet</h3>
      <Line
        code={`// npm install orchestrace ${SDK}
import { startTracing } from 'orchestrace/node';

await using tracing = await startTracing({
  serviceName: 'my-service',
  endpoint: '${origin}',
  inspectorUrl: '${origin}', // to see steps before they end
});`}
      />
      <h3>A trace in a file</h3>
      <p>
        Drop it onto this page: OTLP JSON, JSON lines of it, or what Jaeger saves. <OpenFile />
      </p>
    </section>
  );
}

function Line({ code }: { readonly code: string }): JSX.Element {
  return (
    <div class="code-line">
      <pre tabIndex={0}>{code}</pre>
      <CopyButton text={code} what="these lines" />
    </div>
  );
}
