/** Offset of the first byte of the first sequence that is not UTF-8, or null when all is well. */
export function invalidUtf8At(bytes: Uint8Array): number | null {
  if (decodes(bytes, false)) return null;
  // A prefix decodes exactly when it ends before the offending byte, so that byte is found by halving.
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (middle <= bytes.length && decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // A character begun in the good part is the broken one.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return Buffer.byteLength(decoder.decode(bytes.subarray(0, good), { stream: true }));
}

/** Text of UTF-8 bytes without a leading byte order mark, or null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function decodes(bytes: Uint8Array, mayStopInsideCharacter: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayStopInsideCharacter });
    return true;
  } catch {
    return false;
  }
}
