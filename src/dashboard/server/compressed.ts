import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { paths } from '../api/paths.ts';
import { isLoopback } from './access.ts';

/** What a proxy adds: then the page may be far away. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'via'];

const zipped = compress();

/**
 * Compresses what goes over a network. On the same machine it would take longer than it saves. Events are sent as they come, never gathered to be compressed.
 */
export const compressed: MiddlewareHandler = async (context, next) => {
  const { incoming } = (context.env ?? {}) as { incoming?: { socket: { remoteAddress?: string } } };
  const peer = incoming?.socket.remoteAddress?.replace(/^::ffff:/, '');
  const isHere =
    peer !== undefined && isLoopback(peer) && !FORWARDED.some((name) => context.req.header(name));
  return isHere || context.req.path === paths.live ? next() : zipped(context, next);
};
