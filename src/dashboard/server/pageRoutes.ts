import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { paths } from '../api/paths.ts';
import { sweepNameSchema } from '../api/requests.ts';

/** A page's own addresses: every other answer is a file of the page, or nothing. */
const VIEWS = /^\/(?:$|sweeps\/|runs\/|queue$|compare$)/;

/** What a view asks for first: a browser fetches it while it still reads the scripts. */
function dataOf(path: string): string[] {
  const sweep = /^\/sweeps\/([^/]+)$/.exec(path)?.[1];
  if (sweep && sweepNameSchema.safeParse(sweep).success) return [paths.sweep(sweep), paths.sweeps];
  return path === '/' ? [paths.sweeps] : [];
}

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
    const early = [paths.session, ...dataOf(path)].map(
      (address) => `<${address}>; rel=preload; as=fetch; crossorigin=anonymous`,
    );
    if (isView) context.header('Link', early.join(', '));
    return context.html(readFileSync(join(folder, 'index.html'), 'utf8'), isView ? 200 : 404, {
      'Cache-Control': 'no-cache',
    });
  });
  return app;
}

export const isBuilt = (folder: string): boolean => existsSync(join(folder, 'index.html'));
