import { expect, it } from 'vitest';
import { createLoadOptions, dtypeFor } from './load-options';

function memory(stored: Record<string, string> = {}) {
  return {
    getItem: (key: string) => stored[key] ?? null,
    setItem: (key: string, value: string) => void (stored[key] = value),
  };
}

it('keeps the chosen form for the next visit, and not the one that an address asks for', () => {
  const storage = memory();
  const options = createLoadOptions(storage);
  expect(options.getState().dtype).toBe('f16');
  options.getState().choose('q8');
  options.getState().follow('q4');
  expect(options.getState().dtype).toBe('q4');
  expect(createLoadOptions(storage).getState().dtype).toBe('q8');
});

it('begins with 16 bits where storage holds nonsense or refuses', () => {
  expect(createLoadOptions(memory({ 'fastkv.dtype': 'q2' })).getState().dtype).toBe('f16');
  const refuse = (): never => {
    throw new Error('blocked');
  };
  const options = createLoadOptions({ getItem: refuse, setItem: refuse });
  options.getState().choose('q4');
  expect(options.getState().dtype).toBe('q4');
});

it('asks no other form of a checkpoint that is quantised itself', () => {
  expect(dtypeFor('{"quantization":{"bits":4}}', 'q8')).toBeUndefined();
  expect(dtypeFor('{"quantization":null}', 'q8')).toBe('q8');
  expect(dtypeFor('{', 'q8')).toBe('q8');
  expect(dtypeFor(undefined, 'q4')).toBe('q4');
});
