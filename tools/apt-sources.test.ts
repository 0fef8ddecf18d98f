import { describe, expect, test } from 'vitest';
import { backportsSource, isConfigured } from './apt-sources.mjs';

const STANZAS = `# the distribution
Types: deb
# a snapshot
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;
const LINES = `# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib
`;

describe('the source of backports', () => {
  test('is the stanza of the release itself, with another suite', () => {
    expect(backportsSource(new Map([['debian.sources', STANZAS]]), 'bookworm')).toEqual({
      extension: '.sources',
      text: `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
    });
  });

  test('is the line of the release itself in the older form, options kept, comments and sources passed over', () => {
    expect(backportsSource(new Map([['sources.list', LINES]]), 'bookworm')).toEqual({
      extension: '.list',
      text: 'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm-backports main contrib\n',
    });
  });

  test('is unknown where the release is not offered', () => {
    expect(backportsSource(new Map([['sources.list', LINES]]), 'trixie')).toBeUndefined();
  });
});

test('a suite is configured when an enabled entry for binaries names it', () => {
  const offering = STANZAS.replace('bookworm-updates', 'bookworm-backports');
  expect(isConfigured(new Map([['debian.sources', STANZAS]]), 'bookworm-backports')).toBe(false);
  expect(isConfigured(new Map([['debian.sources', offering]]), 'bookworm-backports')).toBe(true);
  const disabled = offering.replace('Types: deb\n', 'Types: deb\nEnabled: no\n');
  expect(isConfigured(new Map([['debian.sources', disabled]]), 'bookworm-backports')).toBe(false);
});
