/** Answers as models write them, and as nobody should. */
export const ANSWERS: Readonly<Record<string, string>> = {
  plain: 'The contract runs for three years.\nIt ends in May.\n\nNothing else is said of it.',
  headings: '# One\n## Two\nText under it\n\nUnderlined\n===\n\nAlso\n---\n\n#nothing\n***\nend',
  emphasis: '**bold _and_ more** and ~~gone~~, `code *not*` and a \\*literal\\* star, snake_case_word.',
  list: '- one\n- two\n  - nested `a`\n  - nested b\n\n    with a paragraph\n- three\nlazy line\n\nAfter it.',
  ordered:
    '3. three\n4. four\n\n5. five\n\n   More of five.\n\n   ```ts\n   const a = 1;\n\n   const b = 2;\n   ```\n6. six',
  mixed: '1. one\n\n- a\n- b\n* c\n\n2) two\n\n- [x] done\n- [ ] to do',
  code: 'Before\n```ts\nconst a = `b`;\n\n# not a heading\n```\nAfter\n\n~~~~\n```\n~~~~\n\n    indented\n\n    code\n',
  table: 'A table:\n| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 \\| 4 | `5` |\n| short\n\nAfter | not | one\n',
  wide: '| a | b |\n|---|---|\n' + Array.from({ length: 70 }, (_, row) => `| ${row} | x |`).join('\n'),
  quote: '> quoted **text**\nlazy\n>\n> - list\n>   in it\n\n> another\n# heading',
  links:
    'See [this](https://example.org/a_b), <https://example.org>, www.example.org and [that][1].\n\n[1]: https://example.org/one "title"\n',
  late: 'First [a] and [b][c].\n\nSecond [a] once more.\n\n- [c] in a list\n\n[a]: https://example.org/a\n[c]: https://example.org/c',
  rules: 'one\n\n---\n\ntwo\n* * *\nthree',
  html: '<b>bold</b> <script>x</script>\n\n<div>\nblock\n</div>',
  long: Array.from({ length: 90 }, (_, at) => `Sentence ${at} has **bold** and \`code\`.`).join(' '),
  longList: Array.from({ length: 80 }, (_, at) => `- item ${at} with some words in it`).join('\n'),
};
