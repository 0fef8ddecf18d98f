import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const documents = ['README.md', 'docs/MODEL.md', 'docs/SPEED.md', 'docs/LOG.md', 'tools/fixtures/README.md'];
const text = documents.map(read).join('\n');

describe('the documents', () => {
  it('name only commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('name only files that there are', () => {
    const named = [...text.matchAll(/`((?:src|tools|shaders|bench|docs|public)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    const example = /NAME/; // stands for a name to be chosen
    const gone = named.filter(
      (path) => !example.test(path) && !existsSync(new URL(`../${path}`, import.meta.url)),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(gone).toEqual([]);
  });

  it('draw a map of folders that are there', () => {
    const map = read('README.md').split('```')[1]!;
    const folders = [...map.matchAll(/^(\w[\w./-]*)/gm)].map(([, path]) => path!);
    expect(folders).toContain('shaders/');
    expect(folders.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  });
});
