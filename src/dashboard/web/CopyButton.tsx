import { useState } from 'preact/hooks';

/** Copies a text and says so. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'refused'>('idle');
  const copy = () => {
    copied(text).then(
      () => setState('done'),
      () => setState('refused'),
    );
    setTimeout(() => setState('idle'), 2500);
  };
  return (
    <button type="button" class="mini" onClick={copy} title={`Copy: ${text.slice(0, 200)}`}>
      <span aria-live="polite">
        {state === 'idle' ? label : state === 'done' ? 'Copied' : 'Not copied: select it'}
      </span>
    </button>
  );
}

/** Browsers offer their clipboard only on loopback and behind TLS; elsewhere a hidden field helps. */
async function copied(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (!isCopied) throw new Error('the browser has refused');
}
