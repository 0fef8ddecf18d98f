/** The sample documents that come with the demo model, and what it is known to answer about them. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { NewDocument } from './conversation';
import { DEMO_FOLDER } from './load-request';

export type SamplesState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly samples: readonly NewDocument[] }
  | { readonly state: 'failed' };

export type SamplesStore = StoreApi<SamplesState>;

export function createSamplesStore(): SamplesStore {
  return createStore<SamplesState>()(() => ({ state: 'loading' }));
}

export async function loadSamples(store: SamplesStore, pageUrl: string): Promise<void> {
  try {
    const response = await fetch(new URL(`${DEMO_FOLDER}samples.json`, pageUrl));
    if (!response.ok) throw new Error(`status ${response.status}`);
    store.setState({ state: 'ready', samples: parseSamples(await response.json()) });
  } catch {
    store.setState({ state: 'failed' });
  }
}

interface SampleFile {
  readonly name: string;
  readonly tokens: number;
  readonly text: string;
  /**
   * `right`: whether the demo model, measured with the full cache, gets it right; `right_fastkv`: with what the page begins
   * with. Only those are offered.
   */
  readonly questions: readonly {
    readonly question: string;
    readonly right: boolean;
    readonly right_fastkv: boolean;
  }[];
}

export function parseSamples(json: unknown): readonly NewDocument[] {
  // Our own file, made with the model; a wrong shape throws here and shows as failed.
  return (json as readonly SampleFile[]).map(({ name, tokens, text, questions }) => ({
    name: `${name.slice(0, 1).toUpperCase()}${name.slice(1)} sample`,
    tokens,
    text,
    questions: questions.filter((asked) => asked.right && asked.right_fastkv).map(({ question }) => question),
  }));
}
