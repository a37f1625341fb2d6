import { describe, expect, it } from 'vitest';
import { parseListen } from '../../src/common/listenAddress.ts';

describe('parseListen', () => {
  it.each([
    ['127.0.0.1:7420', { host: '127.0.0.1', port: 7420 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':7420', { host: '0.0.0.0', port: 7420 }],
    ['a-host.example:1', { host: 'a-host.example', port: 1 }],
  ])('reads %s', (text, listen) => {
    expect(parseListen(text, 'LISTEN', '127.0.0.1:7420')).toEqual(listen);
  });
  it.each(['', '7420', 'host', 'host:', 'host:99999', 'http://host:1'])('refuses %j', (text) => {
    expect(() => parseListen(text, 'LISTEN', '127.0.0.1:7420')).toThrow(/host:port/);
  });
});
