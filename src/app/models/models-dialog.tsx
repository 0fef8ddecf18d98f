import { DeviceModels } from '../library/device-models';
import { Dialog } from '../ui/dialog';
import { HubBox } from '../library/hub-box';
import { StoredModels } from '../library/stored-models';
import { useView } from '../stores';
import { DemoModel } from './demo-model';
import { LoadOptions } from './load-options';
import { SuggestedModels } from './suggested-models';
import './models-dialog.css';

/** Every way to another model, one section each. */
export function ModelsDialog() {
  const open = useView(({ dialog }) => dialog === 'models');
  const close = useView((view) => view.close);
  return (
    open && (
      <Dialog title="Models" testId="models-dialog" bodyClass="models-dialog" onClose={close}>
        <StoredModels />
        <DeviceModels />
        <SuggestedModels />
        <HubBox />
        <DemoModel />
        <LoadOptions />
      </Dialog>
    )
  );
}
