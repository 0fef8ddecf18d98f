import type { KvPolicy } from '../policy';

/**
 * FastKV, arXiv:2502.01068: layers up to T see every token, then only the top `tspRate` of them go on; every layer and KV
 * head keeps the top `retain` of the prompt. Budgets are IEEE double products, truncated, as in the published code.
 */
export const fastkv: KvPolicy = Object.freeze({
  name: 'fastkv',
  title: 'FastKV',
  paper: 'https://arxiv.org/abs/2502.01068',
  parameters: [
    {
      kind: 'number',
      key: 'retain',
      label: 'KV retention',
      help: 'Share of the prompt that each KV head keeps.',
      ...{ min: 0.05, max: 1, step: 0.05, unit: 'share', onlyIn: 'proportional' },
    },
    {
      kind: 'number',
      key: 'tspRate',
      label: 'TSP rate',
      help: 'Share of the prompt that goes on past the TSP layer; at 100 % every token does.',
      ...{ min: 0.05, max: 1, step: 0.05, unit: 'share', onlyIn: 'proportional' },
    },
    {
      kind: 'number',
      key: 'capacity',
      label: 'Capacity',
      help: 'Entries that each KV head keeps, whatever the prompt’s length.',
      ...{ min: 64, max: 4096, step: 64, unit: 'tokens', onlyIn: 'constant' },
    },
    {
      kind: 'number',
      key: 'tspLength',
      label: 'TSP length',
      help: 'Tokens that go on past the TSP layer, whatever the prompt’s length.',
      ...{ min: 128, max: 8192, step: 128, unit: 'tokens', onlyIn: 'constant' },
    },
    {
      kind: 'choice',
      key: 'budget',
      label: 'Budget',
      help: 'In proportion to the prompt (the paper since its third version), or the same for every prompt.',
      choices: [
        { value: 'proportional', label: 'Proportional' },
        { value: 'constant', label: 'Constant' },
      ],
    },
    {
      kind: 'choice',
      key: 'pooling',
      label: 'Pooling',
      help: 'How scores of neighbouring tokens are joined: the largest (paper v7) or the average (paper v1).',
      choices: [
        { value: 'max', label: 'Maximum' },
        { value: 'avg', label: 'Average' },
      ],
    },
  ],
  roles(settings, L) {
    const { retain, tspRate, tspLayer: T, capacity, tspLength, window, kernel, pooling } = settings;
    const constant = settings.budget === 'constant';
    // Past the last layer there is nowhere to go on to.
    const propagates = T < L - 1 && (constant || tspRate < 1);
    return {
      scorer: { window, kernel, pooling },
      // Layers past T see fewer tokens and keep a larger share: about r of the prompt again.
      budget: (N, l) => (constant ? capacity : Math.trunc(N * (l > T ? retain / tspRate : retain))),
      selector: 'top-per-kv-head',
      propagation: propagates
        ? { layer: T, length: (N) => (constant ? tspLength : Math.trunc(N * tspRate)) }
        : undefined,
      trigger: 'after-layer-prefill',
    };
  },
} satisfies KvPolicy);
