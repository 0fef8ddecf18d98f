import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Imports go one way: app -> protocol <- engine; lab may see both; nothing sees lab. */
const FENCES = {
  lab: { regex: '/lab/', message: 'Nothing imports the lab; a route may load it lazily.' },
  engine: {
    regex: '/engine/(?!kv/reading-plan$)',
    message:
      'The page talks to the engine through protocol.ts and its worker, and shares its arithmetic of budgets alone.',
  },
  page: {
    regex: '^(react|react-dom|zustand)(/|$)|/app/',
    message: 'The engine knows nothing of the page: it runs unchanged in Node.',
  },
  wgsl: {
    regex: '\\.wgsl|/shaders$',
    message: 'WGSL text is read and joined in engine/gpu/compose.ts alone.',
  },
  library: {
    regex: '/engine/(?!errors|json|weights/)|/lab/',
    message: 'The library keeps files; it runs no model.',
  },
  all: { regex: '.', message: 'The contract imports nothing.' },
};

const fence = (...names) => ({
  'no-restricted-imports': ['error', { patterns: names.map((name) => FENCES[name]) }],
});

/** What the code calls a conversation is a chat to its visitors, everywhere. */
const oneWord = [
  'error',
  ...['JSXText[value=WORD]', 'Literal[value=WORD]', 'TemplateElement[value.raw=WORD]'].map((node) => ({
    selector: node.replace('WORD', '/\\sconversations?\\b|\\bconversations?\\s/i'),
    message: 'Visitors read “chat”.',
  })),
];

/** Types may come from anywhere, what runs from below `start` alone. */
const pure = (start) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          regex: `^(?!${start})`,
          allowTypeImports: true,
          message: 'The page shares this: types alone, or its own.',
        },
      ],
    },
  ],
});

const lengths = (file, perFunction) => ({
  'max-lines': ['error', { max: file, skipBlankLines: true }],
  'max-lines-per-function': ['error', { max: perFunction, skipBlankLines: true, skipComments: true }],
});

const TESTS = ['**/*.test.ts', '**/*.test.tsx', '**/*.test-support.ts', 'e2e/**'];

export default defineConfig(
  { ignores: ['dist', 'test-results', 'playwright-report'] },
  js.configs.recommended,
  { languageOptions: { globals: globals.node }, rules: lengths(300, 60) },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `() => act()` reads well as a handler; stores and twins are records of functions that use no `this`; an async
      // method without `await` keeps what it throws inside its promise.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      // Typed arrays are indexed on nearly every line of a CPU twin, and the loop's bounds are the proof.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['src/**/*.ts', 'src/**/*.tsx'], rules: fence('lab') },
  // One contract in one file, and most of it sentences: types alone, nothing to get lost in.
  { files: ['src/protocol.ts'], rules: { ...fence('all'), ...lengths(400, 60) } },
  // The library's worker: keeps models, sees no page and no device; of the engine its errors and sources alone.
  {
    files: ['src/library/**'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': ['error', { patterns: [FENCES.page, FENCES.wgsl, FENCES.library] }],
    },
  },
  // Lives longer than any page, and sees none.
  { files: ['src/service-worker/**'], rules: fence('page', 'engine', 'lab', 'wgsl') },
  {
    files: ['src/app/**', 'src/main.tsx'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: fence('lab', 'engine', 'wgsl'),
  },
  { files: ['src/app/**'], ignores: TESTS, rules: { 'no-restricted-syntax': oneWord } },
  { files: ['src/app/**/*.tsx'], rules: lengths(300, 120) },
  {
    files: ['src/engine/**'],
    ignores: TESTS,
    rules: {
      ...fence('lab', 'page', 'wgsl'),
      'no-restricted-globals': [
        'error',
        'document',
        'window',
        'navigator',
        'self',
        'localStorage',
        'process',
        'Buffer',
      ],
    },
  },
  // What the page shares brings nothing of the engine with it but types.
  { files: ['src/engine/kv/reading-plan.ts'], rules: pure('./policies') },
  { files: ['src/engine/kv/policies/*.ts'], rules: pure('./') },
  { files: ['src/engine/gpu/compose.ts'], rules: fence('lab', 'page') },
  // The one file of the engine that is bound to a worker.
  { files: ['src/engine/worker.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: TESTS,
    rules: {
      'max-lines': ['error', 500],
      'max-lines-per-function': 'off',
      // expect.anything() and a test's own JSON are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['tools/**', 'bench/**'], rules: lengths(300, 80) },
);
