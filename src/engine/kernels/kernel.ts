import { compose, type Composition, type Variant } from '../gpu/compose';
import type { Profile } from '../../protocol';

/** One binding, in the order of its number in the shader. */
export interface Binding {
  readonly name: string;
  readonly type: 'uniform' | 'read' | 'write';
}

/** What changes from submission to submission; the uniform of chunks/step.wgsl. */
export interface Step {
  /** T of this tile. */
  readonly rows: number;
  /** RoPE position of row 0. */
  readonly position: number;
  /** Entries that each KV head had beyond its `kept` before this tile. */
  readonly appended: number;
  /** Index of the token to be sampled. */
  readonly draw: number;
}

export type OpValues = Readonly<Record<string, number>>;
export type Grid = readonly [x: number, y: number, z: number];

/** The twin of a shader: everything that the TypeScript side needs to know to run it. */
export interface Kernel {
  /** Of the file under shaders/. */
  readonly name: string;
  /** In which profiles it is used. */
  readonly profiles: readonly Profile[];
  /** `name:type` per binding, in order. Uniforms are named op and step. */
  readonly bindings: readonly `${string}:${Binding['type']}`[];
  /** Bindings whose element type is the variant's dtype. */
  readonly stored: readonly string[];
  /** Fields of the shader's Op struct, in order; a trailing `:f32` marks floats among u32. */
  readonly op: readonly string[];
  /** How the variant's text is made; `shader` is the kernel's own file. */
  compose(variant: Variant): Omit<Composition, 'shader'>;
  /** Workgroups to dispatch. */
  grid(variant: Variant, op: OpValues, step: Step): Grid;
}

export const ALL_PROFILES: readonly Profile[] = ['portable', 'fast', 'software'];

export function bindingsOf(kernel: Kernel): Binding[] {
  return kernel.bindings.map((text) => {
    const [name, type] = text.split(':') as [string, Binding['type']];
    return { name, type };
  });
}

export const kernelText = (kernel: Kernel, variant: Variant): string =>
  compose({ shader: kernel.name, ...kernel.compose(variant) });

/** A uniform's words. A field that `values` lacks is a fault of ours; as NaN or 0 it would hide. */
export function packOp(fields: Kernel['op'], values: OpValues): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(fields.length);
  const floats = new Float32Array(words.buffer);
  fields.forEach((field, i) => {
    const [name, type] = field.split(':') as [string, string | undefined];
    const value = values[name];
    if (value === undefined) throw new Error(`invariant: op field ${name} is missing`);
    if (type === 'f32') floats[i] = value;
    else words[i] = value;
  });
  return words;
}

export const packStep = ({ rows, position, appended, draw }: Step): Uint32Array<ArrayBuffer> =>
  new Uint32Array([rows, position, appended, draw]);

/** Workgroups for `count` items in x, folded into y where x would exceed the limit of 65,535. */
export function fold(count: number): Grid {
  const y = Math.ceil(count / 65_535);
  return [Math.ceil(count / y), y, 1];
}

/** The chunk with lane_of, item_of and reduce_add for a profile, and what it needs enabled. */
export function reduction(profile: Profile, WG: number) {
  return {
    enable: profile === 'fast' ? (['subgroups'] as const) : [],
    chunk: { portable: 'reduce_shared', fast: 'reduce_subgroup', software: 'reduce_none' }[profile],
    itemsPerGroup: profile === 'software' ? WG : 1,
  };
}
