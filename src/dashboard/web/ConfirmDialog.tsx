import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  children: ComponentChildren;
  confirm: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that is not easily undone. Escape and a click beside it mean no. */
export function ConfirmDialog({ title, children, confirm, onConfirm, onClose }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    ref.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard’s way is Escape, which a dialog knows itself
    <dialog
      ref={ref}
      aria-labelledby="confirm-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="dialog">
        <h2 id="confirm-title">{title}</h2>
        <div>{children}</div>
        <div class="buttons is-end">
          <button type="button" onClick={onClose}>
            No, leave it
          </button>
          <button
            type="button"
            class="is-danger"
            onClick={() => {
              onConfirm();
              onClose();
            }}
          >
            {confirm}
          </button>
        </div>
      </div>
    </dialog>
  );
}
