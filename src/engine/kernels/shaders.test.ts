import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { shaderTexts } from '../gpu/shaders';
import { KERNELS } from './index';
import { bindingsOf, kernelText } from './kernel';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const kernelFiles = [...shaderTexts.keys()].filter((name) => !name.startsWith('chunks/'));

/** All TypeScript of the product, tools and benchmarks. */
const sources = ['src', 'tools', 'bench'].flatMap((folder) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('.test'))
    .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(`${root}${folder}/${name}`, 'utf8') })),
);

describe('a kernel', () => {
  it('is a shader, a twin of the same name and an entry of the registry, and no file is left over', () => {
    expect(sorted(KERNELS.map(({ kernel }) => kernel.name))).toEqual(sorted(kernelFiles));
    const twins = readdirSync(here).map((file) => file.replace(/\.ts$/, ''));
    expect(kernelFiles.filter((name) => !twins.includes(name))).toEqual([]);
  });

  it.each(kernelFiles)(
    '%s says its formula, layout, grid, memory, variants and source in its head',
    (name) => {
      const head = shaderTexts
        .get(name)!
        .split('\n')
        .filter((line) => line.startsWith('//'));
      expect(head[0]).toMatch(new RegExp(`^// ${name}: .+`));
      for (const field of ['Layout', 'Grid', 'Memory', 'Variants', 'Source']) {
        expect(
          head.some((line) => line.startsWith(`// ${field} `)),
          field,
        ).toBe(true);
      }
    },
  );

  it.each(kernelFiles)('%s stays under 170 lines', (name) => {
    expect(shaderTexts.get(name)!.split('\n').length).toBeLessThan(170);
  });

  it('binds in the shader what its twin lists, under the same numbers, writable only where it writes', () => {
    for (const { kernel } of KERNELS) {
      for (const profile of kernel.profiles) {
        const text = kernelText(kernel, { profile, dtype: 'f16', D: 64 });
        const declared = [...text.matchAll(/@binding\((\w+)\) var<(\w+)(?:, (\w+))?> (\w+)/g)].map(
          ([, number, space, access, name]) => {
            const named = new RegExp(`const ${number} = (\\d+)u`).exec(text);
            const index = Number(named ? named[1] : number);
            const type = space === 'uniform' ? 'uniform' : access === 'read_write' ? 'write' : 'read';
            return { index, name, type };
          },
        );
        const expected = bindingsOf(kernel).map(({ name, type }, index) => ({ index, name, type }));
        expect(
          declared.sort((a, b) => a.index - b.index),
          kernel.name,
        ).toEqual(expected);
      }
    }
  });

  it('has the fields of its Op struct in the order of its twin', () => {
    for (const { kernel } of KERNELS) {
      const text = kernelText(kernel, { profile: kernel.profiles[0]!, dtype: 'f16', D: 64 });
      const struct = /struct (?:Op|Sampling|Selection) \{([^}]*)\}/.exec(text)![1]!.replace(/\/\/.*$/gm, '');
      const fields = [...struct.matchAll(/(\w+): (u32|f32)/g)].map(([, name, type]) =>
        type === 'f32' ? `${name}:f32` : name,
      );
      expect(fields, kernel.name).toEqual(kernel.op);
    }
  });
});

describe('WGSL text', () => {
  it('is joined in one place, and no shader hides in TypeScript', () => {
    const importing = sources
      .filter(({ text }) => /gpu\/shaders'|\.\/shaders'/.test(text))
      .map(({ name }) => name);
    expect(importing).toEqual(['src/engine/gpu/compose.ts']);
    expect(sources.filter(({ text }) => /@compute|var<storage/.test(text)).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('uses every chunk', () => {
    const used = KERNELS.flatMap(({ kernel }) =>
      kernel.profiles.flatMap((profile) =>
        (['f16', 'f32'] as const).flatMap((dtype) => kernel.compose({ profile, dtype, D: 64 }).chunks ?? []),
      ),
    );
    const chunks = [...shaderTexts.keys()].filter((name) => name.startsWith('chunks/'));
    expect(sorted(used)).toEqual(sorted(chunks.map((name) => name.slice('chunks/'.length))));
  });
});
