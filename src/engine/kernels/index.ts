import { attentionMergeCases } from './attention_merge';
import { attentionSplitCases } from './attention_split';
import { attentionTiledCases } from './attention_tiled';
import type { KernelCases } from './cases';
import { convertCases } from './convert';
import { copyCases } from './copy';
import { embedCases } from './embed';
import { fmaRateCases } from './fma_rate';
import { logitsAdjustCases } from './logits_adjust';
import { matmulRowsCases } from './matmul_rows';
import { matmulTiledCases } from './matmul_tiled';
import { matvecCases } from './matvec';
import { rmsnormCases } from './rmsnorm';
import { ropeAppendCases } from './rope_append';
import { sampleCases } from './sample';

/** Every kernel with its cases: what tests, compile checks and benchmarks walk. */
export const KERNELS: readonly KernelCases[] = [
  ...convertCases,
  embedCases,
  rmsnormCases,
  matvecCases,
  matmulTiledCases,
  matmulRowsCases,
  ropeAppendCases,
  attentionTiledCases,
  attentionSplitCases,
  attentionMergeCases,
  logitsAdjustCases,
  sampleCases,
  copyCases,
  fmaRateCases,
];
