import { attentionMergeCases } from './attention_merge';
import { attentionSplitCases } from './attention_split';
import { attentionTiledCases } from './attention_tiled';
import type { KernelCases } from './cases';
import { compactKvCases } from './compact_kv';
import { convertCases } from './convert';
import { copyCases } from './copy';
import { embedCases, embedGroupCases } from './embed';
import { fmaRateCases } from './fma_rate';
import { gatherRowsCases } from './gather_rows';
import { keptPositionsCases } from './kept_positions';
import { logitsAdjustCases } from './logits_adjust';
import { matmulRowsCases, matmulRowsGroupCases } from './matmul_rows';
import { matmulTiledCases, matmulTiledGroupCases } from './matmul_tiled';
import { matvecCases, matvecGroupCases } from './matvec';
import { placeCases } from './place';
import { poolScoresCases } from './pool_scores';
import { qkRmsnormCases } from './qk_rmsnorm';
import { quantiseCases } from './quantise';
import { rmsnormCases } from './rmsnorm';
import { ropeAppendCases } from './rope_append';
import { sampleCases } from './sample';
import { selectTopCases } from './select_top';
import { storeRowsCases } from './store_rows';
import { windowMergeCases } from './window_merge';
import { windowQueriesCases } from './window_queries';
import { windowScoresCases } from './window_scores';
import { windowStatsCases } from './window_stats';

/** Every kernel with its cases: what tests, compile checks and benchmarks walk. */
export const KERNELS: readonly KernelCases[] = [
  ...convertCases,
  ...quantiseCases,
  ...placeCases,
  embedCases,
  ...embedGroupCases,
  rmsnormCases,
  qkRmsnormCases,
  matvecCases,
  ...matvecGroupCases,
  matmulTiledCases,
  ...matmulTiledGroupCases,
  matmulRowsCases,
  ...matmulRowsGroupCases,
  ropeAppendCases,
  ...attentionTiledCases,
  ...attentionSplitCases,
  attentionMergeCases,
  windowQueriesCases,
  ...windowStatsCases,
  windowMergeCases,
  ...windowScoresCases,
  poolScoresCases,
  selectTopCases,
  compactKvCases,
  keptPositionsCases,
  ...gatherRowsCases,
  storeRowsCases,
  logitsAdjustCases,
  sampleCases,
  copyCases,
  fmaRateCases,
];
