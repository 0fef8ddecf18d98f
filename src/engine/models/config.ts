/**
 * config.json -> ModelSpec. Fields that decide the shape of the model must be there; all others default to what the
 * family's config class has in transformers 5, for old and new spellings. What a family means is in families/.
 */
import { EngineError } from '../errors';
import { isObject, shown, type JsonObject } from '../json';
import { FAMILIES } from './families';
import type { Family } from './families/family';
import { Fields, configInvalid } from './fields';
import { readQuantisation } from './mlx';
import { HEAD_DIMS, type ModelSpec } from './spec';

const classesOf = ({ architecture }: Family) => [`${architecture}ForCausalLM`, `${architecture}Model`];

const SUPPORTED = FAMILIES.map((family) => `${family.name} (${classesOf(family)[0]})`).join(', ');

/** Rejects with `family-unsupported`, `dtype-unsupported` or `config-invalid`, naming what was found and what is needed. */
export function readConfig(json: unknown): ModelSpec {
  if (!isObject(json)) throw configInvalid('config.json', `holds ${shown(json)}`, 'a JSON object is needed');
  readQuantisation(json); // refuses what is not read here
  const text = textPart(json);
  const fields = new Fields(text, 'config.json');
  const family = findFamily(text, fields);
  const spec = { family: family.name, ...family.read(fields) };
  checkLimits(spec);
  return spec;
}

/** Of a Gemma 3 that also sees, what describes its language model. */
function textPart(json: JsonObject): JsonObject {
  const { model_type, text_config: text, dtype, torch_dtype } = json;
  if (model_type !== 'gemma3' || !isObject(text)) return json;
  return {
    ...(dtype || torch_dtype ? { dtype: dtype ?? torch_dtype } : {}),
    model_type: 'gemma3_text',
    ...text,
  };
}

function findFamily(json: JsonObject, fields: Fields): Family {
  const listed = fields.texts('architectures');
  // The bare model class too: a checkpoint saved from it has the same tensors under shorter names.
  const isOf = (family: Family) => listed.some((name) => classesOf(family).includes(name));
  // Old exports have no model_type; the class name says as much.
  const name = fields.text('model_type', FAMILIES.find(isOf)?.name ?? '');
  const family = FAMILIES.find((candidate) => candidate.name === name);
  if (!family) {
    const found = name || listed.join(', ') || 'no model_type';
    throw familyUnsupported(`This model is of the family "${found}"`);
  }
  if (listed.length > 0 && !isOf(family)) {
    throw familyUnsupported(`This model is of the family "${name}" but of the class ${listed.join(', ')}`);
  }
  const experts = ['num_local_experts', 'num_experts', 'n_routed_experts'].find((key) => fields.has(key));
  if (experts) {
    throw familyUnsupported(
      `This ${name} model is a mixture of experts (${experts} ${shown(json[experts])})`,
    );
  }
  return family;
}

function familyUnsupported(found: string): EngineError {
  return new EngineError(
    'family-unsupported',
    `${found}. Supported are ${SUPPORTED}. Choose a model of one of these families.`,
  );
}

function checkLimits({ H, G, D, C, F, contextLength }: ModelSpec): void {
  const need = (ok: boolean, found: string, needed: string): void => {
    if (!ok) throw configInvalid('config.json', found, needed);
  };
  need(H % G === 0, `has ${H} attention heads over ${G} key-value heads`, 'the second must divide the first');
  need(
    (HEAD_DIMS as readonly number[]).includes(D),
    `has head_dim ${D}`,
    `the attention kernels are made for ${HEAD_DIMS.join(', ')}`,
  );
  // Far beyond any model; what follows makes a list of it.
  need(
    contextLength <= 2 ** 24,
    `has max_position_embeddings ${contextLength}`,
    'at most 16777216 are supported',
  );
  need(C % 8 === 0, `has hidden_size ${C}`, 'a multiple of 8 is needed');
  need(F % 8 === 0, `has intermediate_size ${F}`, 'a multiple of 8 is needed');
}
