import { expect, it } from 'vitest';
import { HUGGING_FACE } from '../store/hub-settings';
import { parseHubName } from './hub-name';

const MIRROR = 'https://mirror.example/hf';

it.each([
  ['owner/name', 'owner/name', 'main', MIRROR],
  [' Qwen/Qwen2.5-0.5B-Instruct@v1.0 ', 'Qwen/Qwen2.5-0.5B-Instruct', 'v1.0', MIRROR],
  ['owner/name@refs/pr/1', 'owner/name', 'refs/pr/1', MIRROR],
  ['hf://owner/name', 'owner/name', 'main', MIRROR],
  ['https://huggingface.co/owner/name', 'owner/name', 'main', HUGGING_FACE],
  ['huggingface.co/owner/name/tree/dev', 'owner/name', 'dev', HUGGING_FACE],
  ['https://hf.co/owner/name/blob/abc123/config.json?x=1', 'owner/name', 'abc123', HUGGING_FACE],
  ['https://huggingface.co/owner/name/tree/refs%2Fpr%2F1', 'owner/name', 'refs/pr/1', HUGGING_FACE],
  ['https://mirror.example/hf/owner/name', 'owner/name', 'main', MIRROR],
  ['https://other.example/owner/name', 'owner/name', 'main', 'https://other.example'],
])('%s is a model', (text, repo, revision, hubUrl) => {
  expect(parseHubName(text, MIRROR)).toEqual({ repo, revision, hubUrl });
});

it.each([
  '',
  'just words',
  'name',
  'a/b/c',
  'owner/name@',
  'owner/name@a@b',
  '../name',
  'owner/..',
  'owner/na me',
  'owner/name?x',
  'https://huggingface.co/datasets/owner/name',
  'https://huggingface.co/owner',
  'javascript://owner/name',
  '<b>/name',
])('%j is none', (text) => {
  expect(parseHubName(text, MIRROR)).toBeUndefined();
});
