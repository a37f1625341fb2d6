import type { SweepDetail } from '../api/sweeps.ts';
import { fileName } from '../charts/csvText.ts';
import { download } from '../charts/exportFigure.ts';
import { CopyButton } from './CopyButton.tsx';
import { when } from './words.ts';

/** The resolved config: every value that the sweep was made with. */
export function ConfigTab({ sweep }: { sweep: SweepDetail }) {
  return (
    <section class="card spaced" aria-label="Resolved config">
      <div class="figure-head">
        <h2>Resolved config</h2>
        <div class="figure-tools">
          <CopyButton text={sweep.configYaml} />
          <button
            type="button"
            class="mini"
            onClick={() => download(fileName(sweep.sweep, 'yaml'), 'application/yaml', sweep.configYaml)}
          >
            YAML
          </button>
        </div>
      </div>
      <p class="faint">
        Every value that the sweep was begun with on {when(sweep.createdAt)}, defaults included.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre class="yaml" tabIndex={0}>
        {sweep.configYaml}
      </pre>
    </section>
  );
}
