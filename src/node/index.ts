export type { FlushResult } from './deliver.ts';
export { startTracing, type Protocol, type Tracing, type TracingOptions } from './start-tracing.ts';
