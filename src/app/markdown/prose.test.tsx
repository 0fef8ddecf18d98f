import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { AnswerText } from './answer-text';

const drawn = (text: string) => renderToStaticMarkup(<AnswerText text={text} running={false} />);

it('follows links to the web and to mail, in another tab that learns nothing of this one', () => {
  expect(drawn('[a](https://example.org)')).toContain(
    '<a href="https://example.org" target="_blank" rel="noopener noreferrer nofollow">a</a>',
  );
  expect(drawn('[m](mailto:a@example.org)')).toContain('href="mailto:a@example.org"');
});

it('makes no link of any other address', () => {
  for (const address of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    '&#106;avascript:alert(1)',
    'java&#10;script:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.org/1',
    '//example.org',
    '#top',
    'settings',
  ]) {
    expect(drawn(`[a](${address}) <${address}> ![i](${address})`), address).not.toContain('href');
  }
});

it('fetches no image, and links to it instead', () => {
  expect(drawn('![a chart](https://example.org/i.png)')).toContain('>Image: a chart</a>');
  const linked = drawn('[![a chart](https://example.org/i.png)](https://example.org)');
  expect(linked).toContain('>Image: a chart</a>');
  expect(linked.match(/<a /g)).toHaveLength(1);
  expect(drawn('![x][i]\n\n[i]: https://example.org/i.png')).not.toContain('<img');
});

it('shows an answer that is a number, or begins with a year, as the sentence that it is', () => {
  expect(drawn('2015.')).toContain('<p>2015.</p>');
  expect(drawn('7.\n')).toContain('<p>7.</p>');
  expect(drawn('-')).toContain('<p>-</p>');
  expect(drawn('2015. That is *when*.')).toContain('<p>2015. That is <em>when</em>.</p>');
  expect(drawn('7. Seven')).toContain('<ol start="7">');
  expect(drawn('1. One\n2.')).toContain('<ol>');
  const growing = (text: string) => renderToStaticMarkup(<AnswerText text={text} running={true} />);
  expect(growing('2015.')).toContain('<p>2015.</p>');
  expect(growing('1.'), 'which may become a list').not.toContain('<p>');
});

it('shows HTML as it is written', () => {
  const html = '<img src=x onerror="alert(1)">\n\nand <b onclick="x">so</b>\n\n- <script>alert(1)</script>';
  const markup = drawn(html);
  expect(markup.match(/<(?:img|b|script)\b/g)).toBeNull();
  expect(markup).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

it('keeps footnotes where they are written, and names nothing on the page', () => {
  const markup = drawn('Said[^1] and seen.\n\n[^1]: By *whom*.');
  expect(markup).toContain('Said[1] and seen.');
  expect(markup).toContain('[1] By <em>whom</em>.');
  expect(drawn('Said[^1].\n[^1]: By whom.\n\n# Said')).not.toMatch(/\bid=/);
});

it('names tasks and code blocks for those who do not see them', () => {
  const markup = drawn('- [x] read\n- [ ] write\n\n```py\nx\n```\n\n> ```\n> y\n> ```');
  expect(markup).toContain('aria-label="done"');
  expect(markup).toContain('aria-label="to do"');
  expect(markup).toContain('aria-label="Code, py"');
  expect(markup).toContain('aria-label="Code"');
  expect(markup).not.toContain('<input');
});

it('draws a thousand rows of a huge table, and says that there are more', () => {
  const rows = Array.from({ length: 10_000 }, (_, row) => `| ${row} | x |`);
  const markup = drawn(['| a | b |', '|---|---|', ...rows].join('\n'));
  expect(markup.match(/<tr>/g)).toHaveLength(1001);
  expect(markup).toContain('10 % shown');
});
