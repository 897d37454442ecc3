/** An IP address as a number, with its width: 32 bits for IPv4, 128 for IPv6. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** Groups of one side of `::`; the last may be an IPv4 address, worth two. */
function parseGroups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): bigint | undefined {
  const [head, tail, ...more] = text.split('::');
  if (head === undefined || more.length > 0) return undefined;
  const before = parseGroups(head);
  const after = tail === undefined ? [] : parseGroups(tail);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0n), ...after];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The address that a text is, or undefined when it is a name or nonsense. IPv4 in IPv6 (`::ffff:…`) counts as IPv4. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return { bits: 32, value: ipv4 };
  if (!text.includes(':')) return undefined;
  const ipv6 = parseIpv6(text);
  if (ipv6 === undefined) return undefined;
  return ipv6 >> 32n === 0xffffn ? { bits: 32, value: ipv6 & 0xffffffffn } : { bits: 128, value: ipv6 };
}

/** A CIDR range, or undefined when the text is none. */
export function parseCidr(text: string): { readonly address: IpAddress; readonly prefix: number } | undefined {
  const [base, length, ...more] = text.split('/');
  if (base === undefined || length === undefined || more.length > 0) return undefined;
  const address = parseIpAddress(base);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  return prefix > address.bits ? undefined : { address, prefix };
}

/** Whether an address lies in a CIDR range. A name never does: what it resolves to may change. */
export function isInCidr(address: string, range: string): boolean {
  const ip = parseIpAddress(address);
  const cidr = parseCidr(range);
  if (ip === undefined || cidr === undefined || ip.bits !== cidr.address.bits) return false;
  const shift = BigInt(ip.bits - cidr.prefix);
  return ip.value >> shift === cidr.address.value >> shift;
}
