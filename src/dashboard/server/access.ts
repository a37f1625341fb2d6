import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { sha256 } from '../../common/canonical.ts';
import { UserError } from '../../common/errors.ts';

const LEAST_TOKEN_CHARACTERS = 16;

/** Who may see and change what. */
export interface Access {
  /** Printed at start. */
  token: string;
  /** Whether looking needs the token too. */
  isPrivate: boolean;
  cookieName: string;
  /** What a browser that has shown the token keeps; says nothing about the token. */
  cookieValue: string;
  isToken(given: string): boolean;
  isCookie(given: string): boolean;
  /** Names and addresses under which this server may be asked. */
  isOwnHost(host: string): boolean;
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

/**
 * `host` is the address that is listened on. `token`: from the environment, or a random one. Foreign names are refused because a page
 * elsewhere could make its own name point here (DNS rebinding). Throws a UserError on a weak token.
 */
export function accessFor(options: {
  host: string;
  port: number;
  token: string | undefined;
  /** Further names, e.g. of a proxy. */
  names: readonly string[];
  requireToken: boolean;
}): Access {
  const { host, token = randomBytes(24).toString('base64url') } = options;
  if (token.length < LEAST_TOKEN_CHARACTERS || !/^[\w.~+/=-]+$/.test(token)) {
    throw new UserError(
      `the dashboard's token must have at least ${LEAST_TOKEN_CHARACTERS} letters, digits or - . _ ~ + / =`,
      'set DASHBOARD_TOKEN or DASHBOARD_TOKEN_FILE, e.g. to the output of: openssl rand -hex 32',
    );
  }
  const own = new Set(['localhost', '127.0.0.1', '::1', ...options.names.map((name) => name.toLowerCase())]);
  if (!isLoopback(host)) {
    own.add(hostname().toLowerCase());
    if (host === '0.0.0.0' || host === '::') {
      for (const each of Object.values(networkInterfaces()).flat())
        if (each) own.add(each.address.toLowerCase());
    }
  }
  own.add(host.toLowerCase());
  const cookieValue = sha256(`dashboard cookie ${token}`);
  const equals = (expected: string) => {
    const wanted = Buffer.from(sha256(expected));
    // Hashes of equal length: the comparison takes the same time however much of a guess is right.
    return (given: string) => timingSafeEqual(Buffer.from(sha256(given)), wanted);
  };
  return {
    token,
    isPrivate: options.requireToken || !isLoopback(host),
    // Cookies know no ports: two dashboards of one machine must not take each other's.
    cookieName: `dashboard_${options.port}`,
    cookieValue,
    isToken: equals(token),
    isCookie: equals(cookieValue),
    isOwnHost: (given) => own.has(given.toLowerCase()),
  };
}

/** The host of a Host header or an Origin, without its port; null on what is neither. */
export function hostOf(text: string): string | null {
  const match = /^(?:https?:\/\/)?(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(text);
  return match ? (match[1] ?? match[2]!) : null;
}
