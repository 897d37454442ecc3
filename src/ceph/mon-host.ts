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

/** The addresses that a host has for a DNS name; none where it knows none. */
export type AddressesOf = (name: string) => readonly string[];

/**
 * Whether two texts name the same monitors, in any spelling and order: each of either can be reached by an address, port
 * and protocol that the other has, too. A text with a monitor more or less is another; so is one that cannot be read.
 */
export function isSameMonitors(one: string, other: string, addressesOf: AddressesOf): boolean {
  const [these, those] = [monitorsIn(one, addressesOf), monitorsIn(other, addressesOf)];
  if (these === undefined || those === undefined) return false;
  const areIn = (all: readonly (readonly string[])[], monitors: readonly (readonly string[])[]) =>
    monitors.every((endpoints) => endpoints.some((endpoint) => all.flat().includes(endpoint)));
  return areIn(those, these) && areIn(these, those);
}

/**
 * Whether two texts could name the same monitors if all names of `one` could be looked up. Where some can be, they have to
 * have something in common with `other`: a name that is gone for good says nothing.
 */
export function mayBeSameMonitors(one: string, other: string, addressesOf: AddressesOf): boolean {
  if (unknownNamesIn(one, addressesOf).length === 0) return false;
  const known = knownIn(one, addressesOf);
  const those = monitorsIn(other, addressesOf)?.flat() ?? [];
  return known.length === 0 || known.some((endpoint) => those.includes(endpoint));
}

/** The names of a text's monitors, where nobody knows one of these monitors; else none. */
export function lostNamesIn(text: string, addressesOf: AddressesOf): readonly string[] {
  return knownIn(text, addressesOf).length === 0 ? unknownNamesIn(text, addressesOf) : [];
}

function unknownNamesIn(text: string, addressesOf: AddressesOf): readonly string[] {
  return namesIn(parseMonHost(text) ?? '').filter((name) => addressesOf(name).length === 0);
}

/** What monitors may be reached at whose address is known. */
function knownIn(text: string, addressesOf: AddressesOf): readonly string[] {
  const unknown = unknownNamesIn(text, addressesOf).map(inOneForm);
  const all = monitorsIn(text, addressesOf)?.flat() ?? [];
  return all.filter((endpoint) => !unknown.includes(endpoint.split(' ')[1] ?? ''));
}

/** What each monitor of a text may be reached at: `v2 10.0.0.1 3300`. */
function monitorsIn(text: string, addressesOf: AddressesOf): readonly (readonly string[])[] | undefined {
  const parsed = parseMonHost(text);
  if (parsed === undefined) return undefined;
  return (splitOutsideBrackets(parsed) ?? []).flatMap((monitor) => {
    const vector = /^\[(v[12]:.*)\]$/.exec(monitor)?.[1];
    if (vector !== undefined) {
      return [(splitOutsideBrackets(vector) ?? []).flatMap((address) => endpointsOf(address, addressesOf).flat())];
    }
    return endpointsOf(monitor, addressesOf);
  });
}

/** A name that has several addresses stands for as many monitors. */
function endpointsOf(address: string, addressesOf: AddressesOf): readonly (readonly string[])[] {
  const [, protocol, host = '', port] = /^(?:(v[12]|any):)?(\[.*\]|[^:]*)(?::([0-9]+))?$/.exec(address) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const found = isIP(bare) === 0 ? addressesOf(bare) : [bare];
  return (found.length === 0 ? [bare] : found).map((one) =>
    waysOf(protocol, port).map((way) => `${way.protocol} ${inOneForm(one)} ${way.port}`),
  );
}

/** As Ceph reads what is left out (src/mon/MonMap.cc): the port tells the protocol, and without either it is both. */
function waysOf(protocol: string | undefined, port: string | undefined) {
  const usual = { v2: '3300', v1: '6789' } as const;
  const all = (['v2', 'v1'] as const).map((one) => ({ protocol: one, port: port ?? usual[one] }));
  const said = protocol === 'any' ? undefined : protocol;
  const told = said ?? (['v2', 'v1'] as const).find((one) => usual[one] === port);
  return told === undefined ? all : all.filter((way) => way.protocol === told);
}

function inOneForm(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address.replace(/%.*/, '')}]`).hostname : address.toLowerCase();
}
