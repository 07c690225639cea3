import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodeReference } from './reference.ts';

it.each(['1', '2', '3'])('the reference writes, to the byte, what SDK %s sends', (line) => {
  const recorded = (ending: string): Buffer =>
    readFileSync(new URL(`../fixtures/otlp/sdk-${line}.${ending}`, import.meta.url));
  const json = JSON.parse(recorded('jsonl').toString()) as object;
  expect(encodeReference(json).toString('hex')).toBe(recorded('bin').toString('hex'));
});
