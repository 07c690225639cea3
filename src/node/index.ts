export type { Protocol } from './endpoint.ts';
export type { FlushResult } from './deliver.ts';
export { diagnose, type DiagnoseOptions } from './diagnose.ts';
export type { Diagnosis, Finding, FindingCode } from './diagnose/finding.ts';
export { orchestraceProcessor, type ProcessorOptions } from './processor.ts';
export { startTracing, type Tracing, type TracingOptions } from './start-tracing.ts';
