import { describe, expect, it } from 'vitest';
import {
  encodeJson,
  filesOf,
  INDEX,
  picked,
  sharded,
  shardName,
  without,
  type Files,
} from '../engine/weights/files.test-support';
import { FIRST_FOLDER } from '../engine/models/fixtures.test-support';
import { openWeights } from '../engine/weights/shards';
import { filesFolder } from '../engine/weights/picked';
import { examineFiles, pickFiles } from './copy';

const checkpoint = filesOf(FIRST_FOLDER);
const shards = sharded(checkpoint, 3);
const missing = ({ missing: files }: Awaited<ReturnType<typeof examineFiles>>) =>
  files.map(({ path }) => path);

describe('files that were chosen', () => {
  it('are a model with its name, what is read of it, its bytes and its config', async () => {
    const model = await examineFiles(
      picked({ ...checkpoint, 'notes.txt': checkpoint['config.json']! }, 'x/demo/'),
      undefined,
    );
    expect(model).toMatchObject({ name: 'demo', missing: [] });
    expect(JSON.parse(model.config!)).toMatchObject({ model_type: 'llama' });
    const paths = Object.keys(checkpoint).sort();
    expect(model.chosen.map(({ path }) => path).sort()).toEqual(paths);
    expect(model.totalBytes).toBe(paths.reduce((sum, path) => sum + checkpoint[path]!.length, 0));
  });

  it('wait for what they lack, and are whole when it comes, in one piece or in several', async () => {
    const [first, second] = [shardName(0, 3), shardName(1, 3)];
    const waiting = await examineFiles(
      picked(without(shards, first, second, 'config.json'), 'demo/'),
      undefined,
    );
    expect(missing(waiting)).toEqual(['config.json', first, second]);
    const more = await examineFiles(picked({ 'config.json': shards['config.json']! }, ''), waiting);
    expect(missing(more)).toEqual([first, second]);
    const rest = picked({ [second]: shards[second]!, [first]: shards[first]! }, 'downloads/');
    const whole = await examineFiles(rest, more);
    expect(missing(whole)).toEqual([]);
    expect(whole.name).toBe('demo');
    expect(whole.chosen.map(({ path }) => path)).toContain(first);
  });

  it('take the place of another model that waits, and not of the same one', async () => {
    const waiting = await examineFiles(picked(without(checkpoint, 'model.safetensors'), 'demo/'), undefined);
    const same = await examineFiles(picked(without(checkpoint, 'tokenizer.json'), 'again/'), waiting);
    expect(missing(same)).toEqual([]);
    const config = encodeJson({ ...JSON.parse(waiting.config!), num_hidden_layers: 2 });
    const other = await examineFiles(picked({ 'config.json': config }, 'other/'), waiting);
    expect(other.name).toBe('other');
    expect(missing(other)).toContain('tokenizer.json');
  });

  it('are a model of their own beside one that is whole, be its config.json the same to the byte', async () => {
    const whole = await examineFiles(picked(checkpoint, 'demo/'), undefined);
    const other = await examineFiles(picked(without(checkpoint, 'tokenizer.json'), 'other/'), whole);
    expect(other).toMatchObject({ name: 'other', joined: false });
    expect(missing(other)).toEqual(['tokenizer.json']);
    const template = picked({ 'chat_template.jinja': checkpoint['tokenizer_config.json']! }, '');
    expect(await examineFiles(template, whole)).toMatchObject({ name: 'demo', joined: true });
  });

  it('are refused where they are of a format that is not read, also while a model waits for the rest', async () => {
    const waiting = await examineFiles(picked(without(shards, shardName(0, 3)), 'demo/'), undefined);
    const gguf = picked({ 'model-Q4_K_M.gguf': checkpoint['config.json']! }, '');
    for (const before of [undefined, waiting]) {
      await expect(examineFiles(gguf, before)).rejects.toMatchObject({ code: 'dtype-unsupported' });
    }
  });

  it('have the flaw that the loader would find in the headers of their weights, until a right file takes the place', async () => {
    const weights = 'model.safetensors';
    const second = shardName(1, 3);
    const cut = (files: Files, name: string) => ({ ...files, [name]: files[name]!.slice(0, -1) });
    const alien = { ...shards, [second]: shards[shardName(0, 3)]! };
    for (const [files, code, words] of [
      [cut(checkpoint, weights), 'safetensors-invalid', `${weights} is not a whole`],
      [{ ...checkpoint, [weights]: new Uint8Array(0) }, 'safetensors-invalid', weights],
      [{ ...checkpoint, [weights]: checkpoint['config.json']! }, 'safetensors-invalid', weights],
      [cut(shards, second), 'safetensors-invalid', second],
      [alien, 'tensor-missing', second],
    ] as const) {
      const chosen = picked(files, 'demo/');
      const { flaw, missing: none } = await examineFiles(chosen, undefined);
      expect(flaw).toMatchObject({ code, message: expect.stringContaining(words) });
      expect(none).toEqual([]);
      const byPath = new Map(chosen.map(({ path, file }) => [path.replace('demo/', ''), file]));
      await expect(openWeights(filesFolder('demo', byPath))).rejects.toMatchObject(flaw!);
      await expect(pickFiles('demo', chosen), 'none is copied').rejects.toMatchObject(flaw!);
    }
    expect((await examineFiles(picked(checkpoint, 'demo/'), undefined)).flaw).toBeUndefined();

    const part = without(cut(shards, second), 'tokenizer.json');
    const waiting = await examineFiles(picked(part, 'demo/'), undefined);
    expect(waiting).toMatchObject({ flaw: { message: expect.stringContaining('is cut short') } });
    const mended = await examineFiles(picked({ [second]: shards[second]! }, 'again/'), waiting);
    expect(mended).toMatchObject({ flaw: undefined, missing: [{ path: 'tokenizer.json' }] });
  });

  it('are none where nothing was chosen, and that is said', async () => {
    const error = { code: 'file-missing', message: expect.stringContaining('There is no file in') };
    await expect(examineFiles([], undefined)).rejects.toMatchObject(error);
  });

  it('are refused where they are nothing of a model, or hold a broken index', async () => {
    const notes = picked({ 'notes.txt': checkpoint['config.json']! }, 'texts/');
    await expect(examineFiles(notes, undefined)).rejects.toMatchObject({ code: 'file-missing' });
    const broken = picked({ ...without(shards, INDEX), [INDEX]: encodeJson({ weight_map: [] }) }, 'demo/');
    await expect(examineFiles(broken, undefined)).rejects.toMatchObject({ code: 'safetensors-invalid' });
  });
});
