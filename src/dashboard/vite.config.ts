import { join } from 'node:path';
import { defineConfig } from 'vite';

const ROOT = join(import.meta.dirname, '../..');

/** The page of the dashboard: `npm run build` makes dist/dashboard of it. Every script and style is a file of its own. */
export default defineConfig({
  root: join(import.meta.dirname, 'web'),
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(ROOT, 'dist/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // The server’s policy allows no data: scripts and no data: fonts.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
});
