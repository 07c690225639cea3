import { environmentText } from '../../node/endpoint.ts';

/** The sampler that the environment sets. The program may have another in its code. */
export interface Sampler {
  /** E.g. `OTEL_TRACES_SAMPLER=traceidratio with OTEL_TRACES_SAMPLER_ARG=0`. */
  readonly text: string;
  readonly dropsEverything: boolean;
}

/** @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
export function samplerOf(env: NodeJS.ProcessEnv): Sampler | undefined {
  const name = environmentText(env, 'OTEL_TRACES_SAMPLER');
  if (name === undefined) return undefined;
  const ratio = name.endsWith('traceidratio') ? environmentText(env, 'OTEL_TRACES_SAMPLER_ARG') : undefined;
  const argument = ratio === undefined ? '' : ` with OTEL_TRACES_SAMPLER_ARG=${ratio}`;
  return {
    text: `OTEL_TRACES_SAMPLER=${name}${argument}`,
    dropsEverything: name.endsWith('always_off') || Number(ratio) === 0,
  };
}
