import { invariant } from '../errors';
import type { Profile, StorageDtype } from '../../protocol';
import { shaderTexts } from './shaders';

/** What a shader's text may depend on. Everything else is a uniform. */
export interface Variant {
  readonly profile: Profile;
  readonly dtype: StorageDtype;
  /** Head dim; kernels without heads ignore it. */
  readonly D: number;
}

/** One kernel's text for one variant: features to enable, constants and aliases, chunk files, its own file. */
export interface Composition {
  readonly shader: string;
  readonly enable?: readonly ('f16' | 'subgroups')[];
  /** Numbers become u32; a text is taken as the literal it is. */
  readonly consts?: Readonly<Record<string, number | string>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly chunks?: readonly string[];
}

/** The only place where WGSL text is put together. */
export function compose({
  shader,
  enable = [],
  consts = {},
  aliases = {},
  chunks = [],
}: Composition): string {
  const file = (name: string): string => {
    const text = shaderTexts.get(name);
    invariant(text !== undefined, () => `no shader file ${name}.wgsl`);
    return text;
  };
  return [
    ...enable.map((feature) => `enable ${feature};`),
    ...Object.entries(consts).map(
      ([name, value]) => `const ${name} = ${typeof value === 'number' ? `${value}u` : value};`,
    ),
    ...Object.entries(aliases).map(([name, type]) => `alias ${name} = ${type};`),
    ...chunks.map((name) => file(`chunks/${name}`)),
    file(shader),
  ].join('\n');
}
