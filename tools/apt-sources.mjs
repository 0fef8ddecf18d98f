/** Reads apt's lists of package sources, in either of their two forms. */

/**
 * A new sources file that offers a release's backports from the same place, with the same keys and options, as the
 * release itself: undefined where no entry offers the release. `texts` are the contents of the files by their names.
 *
 * @param {ReadonlyMap<string, string>} texts
 * @param {string} release such as `bookworm`
 * @returns {{ extension: '.sources' | '.list', text: string } | undefined}
 */
export function backportsSource(texts, release) {
  for (const [name, text] of texts) {
    if (name.endsWith('.sources')) {
      const stanza = text
        .split(/\n\s*\n/)
        .find((part) => offers(field(part, 'Suites'), release) && isBinary(part));
      if (stanza) return { extension: '.sources', text: `${withSuites(stanza, `${release}-backports`)}\n` };
    } else {
      const line = text.split('\n').find((entry) => offers(entry, release) && /^deb\s/.test(entry));
      if (line) return { extension: '.list', text: `${withSuite(line, release)}\n` };
    }
  }
  return undefined;
}

/** @param {ReadonlyMap<string, string>} texts @param {string} suite */
export function isConfigured(texts, suite) {
  return [...texts].some(([name, text]) =>
    name.endsWith('.sources')
      ? text.split(/\n\s*\n/).some((part) => offers(field(part, 'Suites'), suite) && isBinary(part))
      : text.split('\n').some((line) => /^deb\s/.test(line) && offers(line, suite)),
  );
}

/** @param {string} stanza @param {string} name */
const field = (stanza, name) => new RegExp(`^${name}:(.*)$`, 'm').exec(stanza)?.[1] ?? '';

/** @param {string} words @param {string} word */
const offers = (words, word) => words.split(/\s+/).includes(word);

/** @param {string} stanza */
const isBinary = (stanza) =>
  offers(field(stanza, 'Types'), 'deb') && field(stanza, 'Enabled').trim() !== 'no';

/** @param {string} stanza @param {string} suites */
const withSuites = (stanza, suites) =>
  stanza
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.startsWith('Suites:') ? `Suites: ${suites}` : line))
    .join('\n')
    .trim();

/** @param {string} line @param {string} release */
const withSuite = (line, release) =>
  line
    .split(/\s+/)
    .map((word) => (word === release ? `${release}-backports` : word))
    .join(' ')
    .trim();
