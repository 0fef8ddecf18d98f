import { fromBfloat16, fromHalf, toBfloat16, toHalf } from '../../f16';
import type { Fields } from '../fields';
import { readRope } from '../rope-config';
import {
  readActivation,
  readLayerTypes,
  readPlain,
  withWindow,
  type Defaults,
  type Described,
  type Family,
} from './family';

/**
 * Layers that slide between layers that do not, scores and logits with soft caps, norms before and behind attention and MLP
 * that are stored as differences from 1, and an embedding scaled by sqrt(C).
 */
export const gemma2: Family = {
  name: 'gemma2',
  architecture: 'Gemma2',
  read(fields) {
    const plain = readGemma(fields, { heads: 8, vocabulary: 256_000, contextLength: 8192 });
    return {
      ...withWindow(plain, window(fields), readLayerTypes(fields, plain.L) ?? ((l) => l % 2 === 0)),
      attentionCap: cap(fields, 'attn_logit_softcapping', 50),
      logitsCap: cap(fields, 'final_logit_softcapping', 30),
    };
  },
};

/** As Gemma 2, with norms of query and key heads for the cap of scores, five layers of six that slide, and RoPE of two kinds. */
export const gemma3: Family = {
  name: 'gemma3_text',
  architecture: 'Gemma3',
  read(fields) {
    const rope = { theta: 1_000_000, layerType: 'full_attention' } as const;
    const plain = readGemma(fields, { heads: 8, vocabulary: 262_208, contextLength: 131_072, rope });
    const period = fields.count('sliding_window_pattern', 6);
    const slides = readLayerTypes(fields, plain.L) ?? ((l: number) => (l + 1) % period !== 0);
    const local = readRope(fields, {
      contextLength: plain.contextLength,
      D: plain.D,
      family: { theta: 10_000, thetaName: 'rope_local_base_freq', layerType: 'sliding_attention' },
    });
    const turned = plain.layers.map((layer, l) => (slides(l) ? { ...layer, rope: local } : layer));
    return {
      ...withWindow({ ...plain, layers: turned }, window(fields), slides),
      qkNorm: 'head',
      attentionCap: cap(fields, 'attn_logit_softcapping', undefined),
      logitsCap: cap(fields, 'final_logit_softcapping', undefined),
    };
  },
};

function readGemma(fields: Fields, defaults: Defaults): Described {
  if (fields.flag('use_bidirectional_attention', false)) {
    throw fields.wrong('use_bidirectional_attention', 'false (a model that writes)');
  }
  const plain = readPlain(fields, { kvHeads: 4, headDim: 256, tied: true, ...defaults });
  const bias = fields.flag('attention_bias', false);
  return {
    ...plain,
    normOffset: 1,
    norms: 'both',
    attentionScale: 1 / Math.sqrt(fields.positive('query_pre_attn_scalar', 256)),
    embeddingScale: embeddingScale(fields, plain.C),
    activation: readActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh'),
    qkvBias: bias,
    oBias: bias,
  };
}

/** An absent window is the default one; an explicit null is none. */
const window = (fields: Fields): number =>
  fields.isNull('sliding_window') ? Infinity : fields.count('sliding_window', 4096);

/** An absent cap is the default one; an explicit null is none. */
const cap = (fields: Fields, name: string, fallback: number | undefined): number | undefined =>
  fields.isNull(name) || (fallback === undefined && !fields.has(name))
    ? undefined
    : fields.positive(name, fallback);

/** As training and transformers round it, to the dtype of the weights: of 1,152 it is 34, of 2,560 it is 50.5. */
function embeddingScale(fields: Fields, C: number): number {
  const scale = Math.fround(Math.sqrt(C));
  const dtype = fields.text('dtype', fields.text('torch_dtype', 'bfloat16'));
  if (dtype === 'bfloat16') return fromBfloat16(toBfloat16(scale));
  return dtype === 'float16' ? fromHalf(toHalf(scale)) : scale;
}
