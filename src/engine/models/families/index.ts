import type { Family } from './family';
import { gemma2, gemma3 } from './gemma';
import { granite } from './granite';
import { llama } from './llama';
import { mistral } from './mistral';
import { olmo2 } from './olmo2';
import { phi3 } from './phi3';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { smollm3 } from './smollm3';

/** Every family that is supported. */
export const FAMILIES: readonly Family[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  smollm3,
  phi3,
  granite,
  olmo2,
  gemma2,
  gemma3,
];
