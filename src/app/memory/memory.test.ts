import { createElement, type ReactNode } from 'react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelPlan, PlanRequest } from '../../protocol';
import { LoadOptions, WeightsMenu } from '../models/load-options';
import { SuggestedModels } from '../models/suggested-models';
import { SUGGESTED } from '../models/suggested';
import { markupOf, pageStores } from '../static-markup.test-support';
import { MODEL, planOf } from '../store/scripted-engine.test-support';
import { applyChange } from './apply-change';
import { MemoryVerdict } from './memory-verdict';
import { NextTurnNotice } from './next-turn';

const MIB = 2 ** 20;
const CONFIG = '{"model_type":"llama"}';
const A_TEXT = { promptTokens: 4096, answerTokens: 256 };

let page: Awaited<ReturnType<typeof pageStores>>;
const drawn = (part: ReactNode) =>
  markupOf(page.stores, part).replaceAll('\u00a0', ' ').replaceAll('<!-- -->', '').replaceAll('&quot;', '"');
const words = (part: ReactNode) => drawn(part).replace(/<[^>]+>/g, '');

/** The scripted engine's bytes as so many sixteenths of a MiB, so that budgets have something to measure. */
function inMebibytes(request: PlanRequest): ModelPlan {
  const plan = planOf(request);
  return { ...plan, peakBytes: (plan.peakBytes * MIB) / 16, weightsBytes: (plan.weightsBytes * MIB) / 16 };
}

beforeEach(async () => {
  page = await pageStores(MODEL);
  page.worker.planOf = inMebibytes;
});

const judge = (request: Partial<PlanRequest>) =>
  page.stores.planner.getState().judge({ ...A_TEXT, config: CONFIG, dtype: 'f16', kv: {}, ...request });

const verdict = () => createElement(MemoryVerdict, { config: CONFIG });

describe('the verdict on a model', () => {
  it('is what it takes with a text, and no more where it fits', async () => {
    expect(words(verdict())).toBe('Working out what it takes…');
    await judge({});
    // 2000 + 100 + 665 + 2048 sixteenths
    expect(words(verdict())).toBe('Fits. 301 MiB with a text of 4,096 tokens.');
  });

  it('names the budget and the change that would help, which a button makes', async () => {
    page.stores.budget.getState().setBudget(256 * MIB);
    await judge({});
    expect(words(verdict())).toBe(
      'Will not fit. 301 MiB with a text of 4,096 tokens, of a budget of 256 MiB. With lean mode it takes 173 MiB.Use lean mode',
    );
    applyChange(page.stores, { kv: { turnMode: 'lean' }, dtype: 'q8' });
    expect(page.stores.chat.getState().settings.kv).toEqual({ turnMode: 'lean' });
    expect(page.stores.loadOptions.getState().dtype).toBe('q8');
    await judge({ dtype: 'q8', kv: { turnMode: 'lean' } });
    expect(words(verdict())).toMatch(/^Fits\. 114 MiB/);
  });

  it('can be made to fit while no model is loaded', () => {
    page.stores.model.getState().fail({ code: 'out-of-memory', message: 'No room.' });
    applyChange(page.stores, { kv: { turnMode: 'lean' } });
    expect(page.stores.chat.getState().settings.kv).toEqual({ turnMode: 'lean' });
  });

  it('says in the engine’s words why a model cannot be loaded at all', async () => {
    page.worker.planOf = () => {
      throw Object.assign(new Error('This model is of the family "mamba".'), { code: 'family-unsupported' });
    };
    await judge({});
    expect(words(verdict())).toBe(
      'Cannot be loaded. This model is of the family "mamba". family-unsupported',
    );
    expect(drawn(verdict())).toContain('data-verdict="failed"');
  });

  it('advises a smaller model where nothing would help', async () => {
    page.worker.planOf = (request) => ({ ...inMebibytes(request), peakBytes: 1e15 });
    await judge({});
    expect(words(verdict())).toMatch(/Will not fit\. .* Take a smaller model\.$/);
  });
});

describe('what sending would take', () => {
  const notice = () => createElement(NextTurnNotice);
  const assessed = async (budgetMiB: number, settings: PlanRequest['kv'] = {}) => {
    page.stores.budget.getState().setBudget(budgetMiB * MIB);
    const judged = await page.stores.planner
      .getState()
      .judge({ promptTokens: 4096, answerTokens: 64, kv: settings });
    if (judged.state !== 'judged') return expect.fail('no plan');
    page.stores.nextTurn.setState({
      use: { documents: 4000, conversation: 0, draft: 96 },
      assessment: judged.assessment,
    });
  };

  it('is not mentioned where it fits', async () => {
    await assessed(4096);
    expect(drawn(notice())).toBe('');
  });

  it('is a warning with a way out, which is one press away', async () => {
    await assessed(256);
    expect(words(notice())).toBe(
      'This may not fit. Reading 4,096 tokens takes about 289 MiB of a budget of 256 MiB. With lean mode it takes 161 MiB.Switch to lean mode',
    );
    await assessed(320);
    expect(words(notice())).toMatch(/^Memory will be tight\./);
  });

  it('offers to load the model again where only its weights can give', async () => {
    await assessed(300, { turnMode: 'lean', retain: 0.05 });
    expect(drawn(notice())).toBe('');
    page.worker.planOf = (request) => {
      const plan = inMebibytes(request);
      return { ...plan, peakBytes: plan.weightsBytes * 3 };
    };
    await assessed(256, { turnMode: 'lean', retain: 0.05, tspRate: 0.1 });
    expect(words(notice())).toMatch(/Load it again with 8-bit weights$/);
  });

  it('names the context where the prompt exceeds it', () => {
    page.stores.nextTurn.setState({
      use: { documents: 0, conversation: 0, draft: 20_000 },
      assessment: undefined,
    });
    expect(words(notice())).toBe(
      'Too long to send. This would be about 20,000 tokens, and the model reads at most 16,383. Nothing is cut to fit: shorten the question.',
    );
  });
});

describe('the options for loading', () => {
  it('say what each form of the weights takes of the loaded model, and what the budget is', async () => {
    for (const dtype of ['f16', 'q8', 'q4', 'f32'] as const)
      await page.stores.planner
        .getState()
        .judge({ config: undefined, dtype, promptTokens: 1, answerTokens: 0 });
    const said = drawn(createElement(LoadOptions));
    for (const option of [
      'As stored (16-bit), 125 MiB',
      '8-bit, 66.3 MiB',
      '4-bit, 38.8 MiB',
      '32-bit, 250 MiB',
    ])
      expect(said).toContain(`>${option}</option>`);
    expect(said).toContain('The sizes are for Demo model.');
    expect(said).toMatch(/data-testid="budget"[^>]*value="4"/);
    expect(said).not.toContain('Back to');
    page.stores.budget.getState().setBudget(2048 * MIB);
    expect(words(createElement(LoadOptions))).toContain('Back to 4.00 GiB');
  });

  it('rest for a model that is published quantised, with the reason', async () => {
    page.worker.planOf = (request) => {
      const plan = inMebibytes(request);
      return { ...plan, model: { ...plan.model, weights: 'q4', isPacked: true } };
    };
    await page.stores.planner
      .getState()
      .judge({ config: CONFIG, dtype: 'f16', promptTokens: 1, answerTokens: 0 });
    const said = drawn(createElement(WeightsMenu, { config: CONFIG }));
    expect(said).toMatch(/<select[^>]* disabled/);
    expect(said).toContain('published in 4 bits and stays so');
  });
});

it('suggests models with what each takes to download, and where it is from', () => {
  const html = drawn(createElement(SuggestedModels));
  for (const { name, repo, licence } of SUGGESTED) {
    expect(html).toContain(`${name}</h4>`);
    expect(html).toContain(`${repo}, ${licence}`);
  }
  expect(html).toContain('aria-label="Download SmolLM2 360M Instruct (692 MiB) and load it"');
});
