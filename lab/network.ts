import { randomInt } from 'node:crypto';
import { Secret } from '../src/secret.ts';
import { startAptProxy } from './apt-proxy.ts';
import { cacheFolder } from './cache.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { CommandError, run } from './process.ts';
import { debianMirror } from './roots.ts';
import { newSshKey } from './ssh-key.ts';

/** A bridge with a subnet of its own, which hosts and servers of this machine share. Nothing routes out of it. */
export interface Network extends AsyncDisposable {
  /** The bridge's name, also the beginning of the names of all that is attached to it. */
  readonly name: string;
  /** The subnet in CIDR form, a /24. */
  readonly subnet: string;
  /** The bridge's own address: where hosts reach this machine. */
  readonly gateway: string;
  /** A further address of this machine on the bridge, for a server that wants one of its own, such as a Ceph monitor. */
  address(): Promise<string>;
  /** An address that nobody has, for a host to take. */
  reserveAddress(): string;
  /** What `Acquire::http::Proxy` wants on a host. */
  readonly aptProxyUrl: string;
  /** A key pair of this network alone; every host lets it in as root and as ops. */
  readonly sshKey: { readonly privateKey: Secret; readonly publicKey: string };
}

export async function startNetwork(): Promise<Network> {
  sweepLeftovers();
  const { name, prefix, registration } = await claimSubnet();
  try {
    const gateway = `${prefix}.1`;
    await run('ip', ['address', 'add', `${gateway}/24`, 'dev', name]);
    await run('ip', ['link', 'set', name, 'up']);
    const mirror = await debianMirror();
    const proxy = await startAptProxy({ sites: [mirror], store: cacheFolder('apt'), address: gateway });
    const { privateKey, publicKey } = newSshKey({ comment: name });
    let last = 1;
    const reserveAddress = () => {
      if (last === 254) throw new Error(`Cannot give out another address of ${prefix}.0/24: all 254 are taken`);
      last += 1;
      return `${prefix}.${last}`;
    };
    return {
      name,
      subnet: `${prefix}.0/24`,
      gateway,
      reserveAddress,
      async address() {
        const address = reserveAddress();
        await run('ip', ['address', 'add', `${address}/24`, 'dev', name]);
        return address;
      },
      aptProxyUrl: proxy.url,
      sshKey: { privateKey: new Secret(privateKey), publicKey },
      async [Symbol.asyncDispose]() {
        await proxy[Symbol.asyncDispose]();
        registration.release();
      },
    };
  } catch (error) {
    registration.release();
    throw error;
  }
}

/**
 * Takes a /24 out of 198.18.0.0/15, which is set aside for test networks. The bridge is named after its subnet,
 * and of two that make a link of one name only one succeeds: so nobody else has the subnet.
 */
async function claimSubnet() {
  const first = randomInt(512);
  for (let tried = 0; tried < 512; tried++) {
    const number = (first + tried) % 512;
    const name = `coslab${number}`;
    try {
      await run('ip', ['link', 'add', name, 'type', 'bridge']);
    } catch (error) {
      if (error instanceof CommandError && error.stderr.includes('File exists')) continue;
      throw error;
    }
    const registration = register({ kind: 'link', name });
    return { name, prefix: number < 256 ? `198.18.${number}` : `198.19.${number - 256}`, registration };
  }
  throw new Error('Cannot start a network: all 512 subnets of 198.18.0.0/15 are taken (see "ip link")');
}
