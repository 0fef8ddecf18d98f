import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import type { KvSettings, PolicyInfo, PolicyName } from '../../protocol';
import { createStores, StoresContext } from '../stores';
import { after, MODEL, POLICIES, ScriptedWorker } from '../store/scripted-engine.test-support';
import { KvPanel } from './kv-panel';

/** One that the page was not written for. */
const NEW_POLICY: PolicyInfo = {
  name: 'tomorrow' as PolicyName,
  title: 'Tomorrow’s policy',
  paper: undefined,
  parameters: [
    {
      kind: 'number',
      key: 'capacity',
      label: 'Entries',
      help: 'How many stay.',
      ...{ min: 64, max: 512, step: 64, unit: 'tokens' },
    },
    {
      kind: 'choice',
      key: 'pooling',
      label: 'Joining',
      help: 'How scores are joined.',
      choices: [{ value: 'max', label: 'Largest' }],
    },
  ],
};

async function panelWith(policies: readonly PolicyInfo[], settings: Partial<KvSettings> = {}) {
  const worker = new ScriptedWorker();
  const stores = createStores(() => worker, { getItem: () => null, setItem: () => undefined }, 'light');
  void stores.model.getState().load({ baseUrl: 'https://example.org/models/demo/', name: 'Demo model' });
  await after(() => worker.loading.resolve({ ...MODEL, layers: 6 }));
  stores.kv.setState({ policies });
  stores.kv.getState().change(settings, MODEL);
  // Static markup takes a store's first state; the panel is drawn from what it is now.
  for (const store of [stores.model, stores.kv, stores.chat]) store.getInitialState = store.getState;
  return renderToStaticMarkup(
    <StoresContext value={stores}>
      <KvPanel />
    </StoresContext>,
  );
}

it('draws the settings of a policy that it has never heard of, and lets it be chosen', async () => {
  const html = await panelWith([...POLICIES, NEW_POLICY], { policy: NEW_POLICY.name });
  for (const said of [
    'Tomorrow’s policy',
    'Entries',
    'How many stay.',
    '512\u00a0tokens',
    'Joining',
    'Largest',
  ])
    expect(html).toContain(said);
  expect(html).toMatch(/type="range" min="64" max="512" step="64"/);
  expect(html, 'it propagates nothing').not.toContain('TSP layer');
});

it('asks for the TSP layer from 0 to the model’s last', async () => {
  const rate = { kind: 'number', key: 'tspRate', label: 'TSP rate', help: 'Share.' } as const;
  const [full, fastkv] = POLICIES as [PolicyInfo, PolicyInfo];
  const range = { min: 0.05, max: 1, step: 0.05, unit: 'share' } as const;
  const html = await panelWith([full, { ...fastkv, parameters: [{ ...rate, ...range }] }]);
  expect(html).toMatch(/id="setting-tspLayer" type="range" min="0" max="5" step="1"/);
});

it('shows only the parameters of the budget in use', async () => {
  expect(await panelWith(POLICIES)).toContain('KV retention');
  expect(await panelWith(POLICIES, { budget: 'constant' })).not.toContain('KV retention');
});

it('rests the compression’s settings in mode full', async () => {
  expect(await panelWith(POLICIES)).not.toMatch(/<fieldset[^>]*disabled/);
  expect(await panelWith(POLICIES, { turnMode: 'full' })).toMatch(/<fieldset[^>]*disabled/);
});
