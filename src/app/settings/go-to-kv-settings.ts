import type { ViewStore } from '../store/view-store';

export const KV_SETTINGS_ID = 'kv-settings';

/** Leaves a dialog for the sliders in the inspector. */
export function goToKvSettings(view: ViewStore): void {
  view.getState().close();
  view.getState().showInspector(true);
  // Once the dialog is gone, and the inspector is there.
  requestAnimationFrame(() => {
    const section = document.getElementById(KV_SETTINGS_ID);
    section?.scrollIntoView({ block: 'start' });
    section?.focus({ preventScroll: true });
  });
}
