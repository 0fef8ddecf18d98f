import { expect, it } from 'vitest';
import type { KvSettings, PolicyInfo, PolicyName } from '../../protocol';
import { createElement } from 'react';
import { markupOf, pageStores } from '../static-markup.test-support';
import { MODEL, POLICIES } from '../store/scripted-engine.test-support';
import { changeKv } from '../store/settings';
import { KvPanel } from './kv-panel';

const SIX_LAYERS = { ...MODEL, layers: 6 };

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

type Stores = Awaited<ReturnType<typeof pageStores>>['stores'];

async function panelWith(
  policies: readonly PolicyInfo[],
  settings: Partial<KvSettings> = {},
  prepare: (stores: Stores) => void = () => undefined,
) {
  const { stores } = await pageStores(SIX_LAYERS);
  stores.kv.setState({ policies });
  changeKv(stores, settings);
  prepare(stores);
  return markupOf(stores, createElement(KvPanel));
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

const PROPAGATING: readonly PolicyInfo[] = POLICIES.map((policy) => ({
  ...policy,
  parameters: policy.parameters.concat(
    policy.name === 'full'
      ? []
      : {
          kind: 'number',
          key: 'tspRate',
          label: 'TSP rate',
          help: 'Share.',
          ...{ min: 0.05, max: 1, step: 0.05, unit: 'share', onlyIn: 'proportional' },
        },
  ),
}));

it('asks for the TSP layer from 0 to the model’s last', async () => {
  const html = await panelWith(PROPAGATING);
  expect(html).toMatch(/id="setting-tspLayer" type="range" min="0" max="5" step="1"/);
});

it('shows only the parameters of the budget in use', async () => {
  expect(await panelWith(POLICIES)).toContain('KV retention');
  expect(await panelWith(POLICIES, { budget: 'constant' })).not.toContain('KV retention');
});

it('rests the compression’s settings in full mode', async () => {
  expect(await panelWith(POLICIES)).not.toMatch(/<fieldset[^>]*disabled/);
  expect(await panelWith(POLICIES, { turnMode: 'full' })).toMatch(/<fieldset[^>]*disabled/);
});

const attach = (tokens: number) => (stores: Stores) =>
  stores.chat.getState().attach({ name: 'notes.txt', text: 'Notes.', tokens, questions: [] });

it('says what the rates come to in tokens of the document attached', async () => {
  expect(await panelWith(POLICIES)).toContain('Attach a document to see what this comes to');
  const html = await panelWith(POLICIES, {}, attach(1121));
  expect(html).toContain('10\u00a0% is about 112 of 1,121\u00a0tokens.');
  expect(html).toContain('keeps about 112 of the 1,121\u00a0tokens of the attached document');
  expect(html).not.toContain('budget-warning');
  const whole = await panelWith(POLICIES, {}, attach(198));
  expect(whole).toContain('stays whole whatever the rates');
  expect(whole).not.toContain('is about');
});

it('warns where hardly anything of the document would be left, or nothing', async () => {
  const little = await panelWith(POLICIES, { retain: 0.05 }, attach(413));
  expect(little).toMatch(/budget-warning.*Almost nothing of the text would stay.*all but at most 8 are/);
  const none = await panelWith(POLICIES, { retain: 0.05, protectFirst: 32 }, attach(413));
  expect(none).toMatch(/budget-warning.*Nothing but what is always kept/);
});

it('says which changes make the next message read again', async () => {
  const html = await panelWith(PROPAGATING);
  expect(html).toContain('After a change of mode, the next message reads the chat again');
  expect(html).toContain('After a change, the next message reads the chat again');
});

it('explains the calibration’s rule before and after, and marks the layers that it does not choose from', async () => {
  const rule = 'Of layers 0 to 3, up to the middle of the model, the one with the least distance is chosen';
  expect(await panelWith(PROPAGATING)).toContain(rule);
  const steps = [4, 3, 2, 1.5, 0.5].map((distance, tspLayer) => ({ tspLayer, distance, work: 0.5 }));
  const html = await panelWith(PROPAGATING, {}, (stores) => {
    const { kv } = stores;
    changeKv(stores, { tspLayer: 3 });
    kv.setState({ calibration: { state: 'done', result: { steps, suggested: 3 }, stopped: false } });
  });
  expect(html).toContain(rule);
  expect(html).toContain('suggested, in use');
  expect(html.match(/past the middle<\/td>/g)).toHaveLength(1);
  expect(html.match(/data-eligible="false"/g)).toHaveLength(1);
  expect(html).toContain('0 means not at all');
  expect(html).toContain('Kept for this model.');
});

it('promises no memory that the browser refuses', async () => {
  const steps = [{ tspLayer: 0, distance: 1, work: 0.5 }];
  const html = await panelWith(PROPAGATING, {}, ({ kv }) =>
    kv.setState({
      remembers: false,
      calibration: { state: 'done', result: { steps, suggested: 0 }, stopped: false },
    }),
  );
  expect(html).not.toContain('Kept for this model.');
  expect(html).toContain('They are kept only until the page is closed');
});

it('offers no calibration that cannot work, and says why', async () => {
  const disabled = /data-testid="calibrate" aria-disabled="true" aria-describedby="calibrate-obstacle"/;
  expect(await panelWith(PROPAGATING, {}, attach(1121))).not.toMatch(disabled);
  const html = await panelWith(PROPAGATING, { tspRate: 1 }, attach(1121));
  expect(html).toMatch(disabled);
  expect(html).toContain('Lower the TSP rate to compare');
});

it('leaves the TSP layer alone while it is being measured', async () => {
  const html = await panelWith(PROPAGATING, {}, ({ kv }) =>
    kv.setState({ calibration: { state: 'running', done: 0, total: 0, stopping: false } }),
  );
  expect(html).toMatch(/id="setting-tspLayer"[^>]*disabled/);
});
