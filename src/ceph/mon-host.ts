import { isIP, isIPv6 } from 'node:net';

/**
 * Reads the addresses of monitors in any form that Ceph takes, and gives them back in one: a list with commas, in
 * which an address vector stands in brackets. Undefined for what is none.
 *
 *   10.0.0.1, 10.0.0.2:6789           [2001:db8::1]:6789 2001:db8::2        mon1.example.com
 *   [v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0];[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]
 */
export function parseMonHost(text: string): string | undefined {
  const monitors = splitOutsideBrackets(text);
  if (monitors === undefined || monitors.length === 0) return undefined;
  const parsed = monitors.map(parseMonitor);
  return parsed.includes(undefined) ? undefined : parsed.join(',');
}

function splitOutsideBrackets(text: string): string[] | undefined {
  const parts: string[] = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '[') depth += 1;
    if (char === ']') depth -= 1;
    if (depth < 0) return undefined;
    if (depth === 0 && /[,;\s]/.test(char)) parts.push('');
    else parts.push((parts.pop() ?? '') + char);
  }
  return depth === 0 ? parts.filter((part) => part !== '') : undefined;
}

function parseMonitor(text: string): string | undefined {
  const inner = /^\[(.*)\]$/s.exec(text)?.[1];
  if (inner === undefined || isIPv6(inner)) return parseAddress(text);
  const vector = splitOutsideBrackets(inner)?.map((part) => (/^v[12]:/.test(part) ? parseAddress(part) : undefined));
  return vector === undefined || vector.length === 0 || vector.includes(undefined)
    ? undefined
    : `[${vector.join(',')}]`;
}

/** `[v2:]host[:port][/nonce]`; the nonce of a monitor is 0 and left out. */
function parseAddress(text: string): string | undefined {
  const match = /^(v[12]:|any:)?(\[[^\]]+\]|[^[\]/]+?)(?::([0-9]+))?(?:\/0)?$/.exec(text);
  if (isIPv6(text)) return `[${text}]`;
  if (!match) return undefined;
  const [, protocol = '', host = '', port] = match;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return undefined;
  const suffix = port === undefined ? '' : `:${port}`;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIPv6(bare)) return `${protocol}[${bare}]${suffix}`;
  if (host !== bare) return undefined;
  const looksNumeric = /^[0-9.]+$/.test(host);
  const name = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
  const sound = looksNumeric ? isIP(host) === 4 : name.test(host) && host.length <= 253;
  return sound ? `${protocol}${host}${suffix}` : undefined;
}

/** The DNS names among the addresses, in the one form of `parseMonHost`. */
export function namesIn(monHost: string): string[] {
  return monHost
    .split(/[,[\]]+/)
    .map((address) => address.replace(/^(v[12]|any):/, ''))
    .filter((address) => /[A-Za-z]/.test(address) && !isIPv6(address))
    .map((address) => address.replace(/:[0-9]+$/, ''));
}
