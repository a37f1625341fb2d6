import { render } from 'preact';
import { App } from './App.tsx';
import { startClock } from './clock.ts';
import { startRouter } from './router.ts';
import { startTheme } from './themeChoice.ts';
import './base.css';
import './layout.css';
import './states.css';
import './controls.css';
import './figures.css';
import './grid.css';
import './views.css';
import './question.css';

startTheme();
startClock();
startRouter();
render(<App />, document.getElementById('app')!);
