import './app/theme.css'; // First: what the other style sheets refine.
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { startPage } from './app/start';
import { connectWorker } from './app/store/engine';
import { createStores, StoresContext } from './app/stores';

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const stores = createStores(connectWorker, localStorage, prefersDark.matches ? 'dark' : 'light');
startPage(stores, prefersDark);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StoresContext value={stores}>
    <App />
  </StoresContext>,
);
