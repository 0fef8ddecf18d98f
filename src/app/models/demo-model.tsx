import { DEMO_NAME, demoRequest } from '../store/load-request';
import { useLoadOptions, useModel, useView } from '../stores';

/** The model that comes with the page. */
export function DemoModel() {
  const load = useModel((model) => model.load);
  const other = useModel(({ name, status }) => status.state === 'ready' && name !== DEMO_NAME);
  const close = useView((view) => view.close);
  const dtype = useLoadOptions((state) => state.dtype);
  return (
    <section className="models-section" aria-labelledby="demo-model">
      <h3 id="demo-model">{DEMO_NAME}</h3>
      <p>
        Comes with this page. It is tiny: it only knows how to answer questions about its sample documents.
      </p>
      <button
        type="button"
        className="button"
        data-testid="load-demo"
        onClick={() => {
          close();
          void load(demoRequest(document.baseURI, dtype));
        }}
      >
        {other ? 'Back to the demo model' : 'Load the demo model'}
      </button>
    </section>
  );
}
