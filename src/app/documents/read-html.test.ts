import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { toMarkdown, withoutEffects } from './read-html';

/** The DOM that turndown brings for Node. */
const domino = createRequire(createRequire(import.meta.url).resolve('turndown'))('@mixmark-io/domino') as {
  createDocument(html: string): Document;
};
const read = (html: string) => toMarkdown(domino.createDocument(withoutEffects(html)));

it('keeps headings, lists, code, emphasis and links to the web', () => {
  const html =
    '<h1>Lease</h1><p>It is <b>due</b> <a href="https://example.org/x">here</a>.</p><ul><li>one</li><li>two</li></ul>' +
    '<pre><code>x = 1\ny = 2</code></pre>';
  const text = read(html);
  expect(text).toContain('# Lease\n\nIt is **due** [here](https://example.org/x).');
  expect(text).toMatch(/- +one\n- +two/);
  expect(text).toContain('```\nx = 1\ny = 2\n```');
});

it('keeps a table row by row', () => {
  const row = (cells: string, name: string) => `<tr>${cells.replace(/\w+/g, `<${name}>$&</${name}>`)}</tr>`;
  expect(read(`<table>${row('Room Area', 'th')}${row('Kitchen 12', 'td')}</table>`)).toBe(
    'Room | Area\nKitchen | 12',
  );
});

it.each([
  ['a script', '<script>steal()</script>'],
  ['a style sheet', '<style><!-- p{content:"<p>steal()"} --></style>'],
  ['what is for browsers without scripts', '<noscript>steal()</noscript>'],
  ['what is marked as hidden', '<p hidden>steal()</p>'],
  ['what a style hides', '<div style="color: red; display:none">steal()</div>'],
  ['that where the tag has an end mark in a value', '<div title="a > b" style="display:none">steal()</div>'],
  ['that beside a name that resembles it', '<div data-style="x" style="display:none">steal()</div>'],
  ['what is hidden from screen readers', '<i aria-hidden="true">steal()</i>'],
  ['a comment', '<!-- steal() -->'],
  ['controls', '<button>steal()</button><textarea>steal()</textarea>'],
])('drops %s', (_, html) => {
  expect(read(`<p>before</p>${html}<p>after</p>`)).toBe('before\n\nafter');
});

it('keeps what only resembles a style', () => {
  expect(read('<p data-style="display:none">words</p>')).toBe('words');
});

it('keeps of a picture what it is said to show, and of a link to a script its words', () => {
  expect(read('<p><img src="data:image/png;base64,AAAA" alt="a map"></p>')).toBe('a map');
  expect(read('<p><a href="javascript:steal()">words</a></p>')).toBe('words');
});

it('begins with the title where the page has no heading of its own', () => {
  expect(read('<title> The\n lease </title><p>text</p>')).toBe('# The lease\n\ntext');
  expect(read('<title>Site</title><h1>Own</h1><p>text</p>')).toBe('# Own\n\ntext');
  expect(read('<title>Only a title</title>')).toBe('');
});

it('leaves no style and no handler to be refused, and every word and address as it is', () => {
  const html =
    '<body onload=x()><p STYLE = "a: b" onclick=\'y()\'title="on x = style=1">one style="2" on="3"' +
    '<a href="https://example.org/?on=1&amp;style=2">l</a><img src=x onerror="z()" alt="a one = b"/><style>p{}</style>';
  const page = domino.createDocument(withoutEffects(html));
  const names = [...page.querySelectorAll('*')].flatMap((element) => element.getAttributeNames());
  expect(names.filter((name) => /^(style|on)/.test(name))).toEqual([]);
  expect(page.querySelectorAll('style')).toHaveLength(0);
  expect(page.querySelector('p')?.getAttribute('title')).toBe('on x = style=1');
  expect(read(html)).toBe('one style="2" on="3"[l](https://example.org/?on=1&style=2)a one = b');
});

it('takes no longer for tags that never end', () => {
  const began = performance.now();
  for (const piece of ['<a ', '<a "', "<a b='", '<a b=" ', '<style'])
    expect(withoutEffects(piece.repeat(400_000)).length).toBeGreaterThan(0);
  expect(performance.now() - began).toBeLessThan(5000);
});
