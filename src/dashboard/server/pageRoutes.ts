import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

/** A page's own addresses: every other answer is a file of the page, or nothing. */
const VIEWS = /^\/(?:$|sweeps\/|runs\/|queue$|compare$)/;

/** The page, as `npm run build` has made it: files with a hash in their names, which never change, and one that does. */
export function pageRoutes(folder: string): Hono {
  const app = new Hono();
  app.use(
    '/assets/*',
    serveStatic({
      root: folder,
      precompressed: true,
      onFound: (_, context) => context.header('Cache-Control', 'public, max-age=31536000, immutable'),
    }),
  );
  app.get('*', (context) => {
    const path = context.req.path.replace(/(.)\/$/, '$1');
    const isView = VIEWS.test(path);
    // A person who mistyped is told by the page, a program by its status.
    if (!isView && !context.req.header('accept')?.includes('text/html'))
      return context.json({ error: 'there is nothing here', nextStep: 'The page begins at /.' }, 404);
    return context.html(readFileSync(join(folder, 'index.html'), 'utf8'), isView ? 200 : 404, {
      'Cache-Control': 'no-cache',
    });
  });
  return app;
}

export const isBuilt = (folder: string): boolean => existsSync(join(folder, 'index.html'));
