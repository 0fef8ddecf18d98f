import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { LoadRequest } from '../../protocol';
import { DEMO_FILES, demoRequest, loadRequestFrom, wayBack } from './load-request';

const PAGE = 'https://example.org/some/sub/path/';

it('asks for the demo model beside the page unless told otherwise', () => {
  expect(loadRequestFrom('', PAGE)).toEqual({
    request: {
      source: {
        kind: 'site',
        baseUrl: 'https://example.org/some/sub/path/models/demo/',
        files: DEMO_FILES,
      },
      name: 'Demo model',
    },
  });
});

it('knows every file of the demo model, so that none is looked for in vain, nor missed', () => {
  const notOfTheModel = ['README.md', 'samples.json'];
  const there = readdirSync('public/models/demo').filter((file) => !notOfTheModel.includes(file));
  expect([...DEMO_FILES].sort()).toEqual(there.sort());
});

it('takes a folder relative to the page, a dtype and a profile from the address', () => {
  expect(loadRequestFrom('?model=models/tiny&dtype=f32&profile=portable', PAGE)).toEqual({
    request: {
      source: { kind: 'site', baseUrl: 'https://example.org/some/sub/path/models/tiny/' },
      name: 'tiny',
      dtype: 'f32',
      profile: 'portable',
    },
  });
});

it.each([
  ['?model=https://elsewhere.example/model/', 'https://elsewhere.example/model/'],
  ['?dtype=q5', 'f16, f32, q8, q4'],
  ['?profile=quick', 'portable, fast, software'],
])('refuses %s and says what it takes', (search, said) => {
  expect(loadRequestFrom(search, PAGE)).toMatchObject({
    refused: { code: 'bad-argument', message: expect.stringContaining(said) as string },
  });
});

it('shows a folder whose escapes stand for nothing as it is written', () => {
  expect(loadRequestFrom('?model=%25zz/', PAGE)).toMatchObject({ request: { name: '%zz' } });
});

it('leads from what failed back to the model, or the form of it, that was there before, else to the demo', () => {
  const demo = demoRequest(PAGE, 'q8');
  const fromSite = (name: string): LoadRequest => ({
    source: { kind: 'site', baseUrl: `${PAGE}${name}/` },
    name,
  });
  const other = fromSite('other');
  expect(wayBack(fromSite('broken'), other, demo)).toBe(other);
  expect(wayBack(fromSite('broken'), undefined, demo)).toBe(demo);
  expect(wayBack(undefined, undefined, demo)).toBe(demo);
  // What failed was ready before: only another form of it is a way back, or the demo.
  expect(wayBack(fromSite('other'), other, demo)).toBe(demo);
  expect(wayBack({ ...other, dtype: 'f32' }, other, demo)).toBe(other);
  expect(wayBack(demoRequest(PAGE), undefined, demo)).toBeUndefined();
  const files = (): LoadRequest => ({ source: { kind: 'files', files: [] }, name: 'mine' });
  const mine = files();
  expect(wayBack(files(), mine, demo), 'of files with the same name').toBe(mine);
});
