// Where it begins. SPDX-License-Identifier: MIT
import { createRoot } from 'react-dom/client';
import { takeReturn } from '@/api/rest';
import { App } from '@/app/App';
import { place, parsePlace } from '@/app/router';
import './ui/base.css';
import './ui/ui.css';
import './ui/forms.css';
import './ui/table.css';
import './app/shell.css';

const back = takeReturn();
if (back && !location.hash) {
  history.replaceState(null, '', back);
  place.set(parsePlace(back));
}

createRoot(document.getElementById('root') as HTMLElement).render(<App />);
