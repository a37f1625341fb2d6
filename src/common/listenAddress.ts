import { UserError } from './errors.ts';

/** `host:port`, `[::1]:port`, or `:port` of every interface. `name`: of the setting, for the UserError on anything else. */
export function parseListen(text: string, name: string, example: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new UserError(
      `${name} ${text} is not host:port`,
      `e.g. ${example}, or ${example.replace(/^.*:/, '0.0.0.0:')} for every interface`,
    );
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}
