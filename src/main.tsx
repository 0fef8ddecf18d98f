import './app/theme.css'; // First: what the other style sheets refine.
import './app/boot.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { openArchive } from './app/archive/database';
import { tabsOf } from './app/archive/tabs';
import { startPage } from './app/start';
import { connectWorker } from './app/store/engine';
import { createStores, StoresContext } from './app/stores';
import { Boundary } from './app/ui/boundary';

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
// Where a browser keeps sites from storing anything, already naming localStorage throws; the stores mind that per call.
const storage = {
  getItem: (key: string) => localStorage.getItem(key),
  setItem: (key: string, value: string) => localStorage.setItem(key, value),
};
const session = {
  getItem: (key: string) => sessionStorage.getItem(key),
  setItem: (key: string, value: string) => sessionStorage.setItem(key, value),
};
const stores = createStores({
  connect: connectWorker,
  storage,
  systemTheme: prefersDark.matches ? 'dark' : 'light',
  told: navigator,
  archive: openArchive(),
  tabs: tabsOf(new BroadcastChannel('fastkv.conversations'), navigator.locks),
  session,
  hasRoom: () => matchMedia('(min-width: 901px)').matches,
});
startPage(stores, prefersDark);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StoresContext value={stores}>
    <Boundary>
      <App />
    </Boundary>
  </StoresContext>,
);
