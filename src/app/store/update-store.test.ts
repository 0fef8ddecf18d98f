import { describe, expect, it, vi } from 'vitest';
import { createUpdateStore } from './update-store';

function scripted() {
  const useNewer = vi.fn();
  const connect = vi.fn((onNewer: () => void) => {
    tell = onNewer;
    return { useNewer };
  });
  let tell: () => void = () => undefined;
  const store = createUpdateStore(connect);
  return { store, connect, useNewer, newer: () => tell() };
}

describe('newer versions of the page', () => {
  it('are told of, and wait for the visitor', () => {
    const { store, useNewer, newer } = scripted();
    store.getState().keep();
    expect(store.getState().ready).toBe(false);
    newer();
    expect(store.getState().ready).toBe(true);
    expect(useNewer).not.toHaveBeenCalled();
    store.getState().use();
    expect(useNewer).toHaveBeenCalledOnce();
  });

  it('are told of again after they were put off, when there is yet another', () => {
    const { store, newer } = scripted();
    store.getState().keep();
    newer();
    store.getState().dismiss();
    expect(store.getState().ready).toBe(false);
    newer();
    expect(store.getState().ready).toBe(true);
  });

  it('are looked for by one connection, however often the page is asked to be kept', () => {
    const { store, connect } = scripted();
    store.getState().keep();
    store.getState().keep();
    expect(connect).toHaveBeenCalledOnce();
  });

  it('are none where the browser has no service workers', () => {
    const store = createUpdateStore(() => undefined);
    store.getState().keep();
    store.getState().use();
    expect(store.getState().ready).toBe(false);
  });
});
