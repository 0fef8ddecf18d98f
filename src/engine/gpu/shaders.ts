/** The text of every WGSL file, by path under shaders/ without its ending: `matvec`, `chunks/kv_f16`. */
const files = import.meta.glob<string>('/shaders/**/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export const shaderTexts: ReadonlyMap<string, string> = new Map(
  Object.entries(files).map(([path, text]) => [path.slice('/shaders/'.length, -'.wgsl'.length), text]),
);
