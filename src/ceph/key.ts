import type { Secret } from '../secret.ts';

/** The type of a cephx key. Librados before 19.2.6 and 20.2.4 cannot log in with the second. */
export type KeyType = 'Aes' | 'Aes256k';

/**
 * The type that a key says of itself, undefined for what is no key: base64 of a little-endian header (type, seconds,
 * nanoseconds, length; 12 bytes) and the secret (src/auth/Crypto.cc).
 */
export function keyTypeOf(key: Secret): KeyType | undefined {
  const bytes = bytesOf(key);
  if (bytes === undefined) return undefined;
  switch (bytes.readUInt16LE(0)) {
    case 1:
      return bytes.length === 28 ? 'Aes' : undefined;
    case 2:
      return bytes.length === 44 ? 'Aes256k' : undefined;
    default:
      return undefined;
  }
}

/** When the key was made, as it says itself: RFC 3339, to the second. */
export function keyCreated(key: Secret): string | undefined {
  const seconds = bytesOf(key)?.readUInt32LE(2);
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace(/\.\d+/, '');
}

function bytesOf(key: Secret): Buffer | undefined {
  const text = key.reveal();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length >= 12 && bytes.readUInt16LE(10) === bytes.length - 12 ? bytes : undefined;
}

/** The first release of each series, by its number, that knows keys of the second type. */
const knowsAes256k: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  19: [2, 6],
  20: [2, 4],
  21: [2, 0],
};

/** Whether a librados can use such a key, by the version of its package: `2:18.2.7+ds-1`, `20.2.4-0.el9`. */
export function canUseKeyType(libradosVersion: string, type: KeyType): boolean {
  const [, ...numbers] = /^(?:\d+:)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(libradosVersion) ?? [];
  const [major = 0, minor = 0, patch = 0] = numbers.map((text) => Number(text ?? 0));
  if (type === 'Aes' || major > 21) return true;
  const first = knowsAes256k[major];
  return first !== undefined && (minor > first[0] || (minor === first[0] && patch >= first[1]));
}
