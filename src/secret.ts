import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A value nobody may see: a key, a private key, a service's configuration file.
 * It prints as `***` wherever it is formatted, serialised or logged; only `reveal()` gives the value,
 * and only to the call that sends it to Ceph, to a host or into a Kubernetes Secret.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  /** The first 16 hex digits of the value's SHA-256: enough to tell two keys apart, useless to log in with. */
  fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 16);
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}
