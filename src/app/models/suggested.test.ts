import { describe, expect, it } from 'vitest';
// eslint-disable-next-line no-restricted-imports -- what the page suggests is held to what the engine can read.
import { planModel, plannedFromConfig } from '../../engine/plan';
import { SUGGESTED } from './suggested';

const TOKENIZERS = 12e6;

describe.each(SUGGESTED)('the suggested $name', ({ repo, downloadBytes, config }) => {
  const described = plannedFromConfig(JSON.stringify(config));
  const plan = planModel(described, { promptTokens: 4096, answerTokens: 256 });

  it('is a model that the engine reads, of the size that its name says', () => {
    const [, size, unit] = /(\d+(?:\.\d+)?)([MB])\b/.exec(repo)!;
    const named = Number(size) * (unit === 'M' ? 1e6 : 1e9);
    expect(Math.abs(plan.model.parameters / named - 1)).toBeLessThan(0.015);
    expect(plan.model.isPacked).toBe(/4bit/.test(repo));
  });

  it('is downloaded in as many bytes as its tensors take in their files', () => {
    const twiceStored = repo === 'Qwen/Qwen3-0.6B' ? 151_936 * 1024 * 2 : 0;
    const rest = downloadBytes - described.storedBytes - twiceStored;
    expect(rest).toBeGreaterThan(1e6);
    expect(rest).toBeLessThan(TOKENIZERS + 2e6);
  });
});
