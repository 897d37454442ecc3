import { register } from './leftovers.ts';
import type { Network } from './network.ts';
import { run } from './process.ts';

/** A network namespace of its own with an `eth0` that hangs on a network's bridge. */
export interface Cable {
  /** As in `/run/netns/<namespace>`. */
  readonly namespace: string;
  readonly address: string;
  /** Pulled out, the address answers nothing at all: no reset, no refusal. */
  pullOut(): Promise<void>;
  plugIn(): Promise<void>;
  release(): void;
}

export async function layCable(network: Network): Promise<Cable> {
  const address = network.reserveAddress();
  const number = address.split('.').at(-1);
  const namespace = `${network.name}-${number}`;
  // At most 15 characters.
  const link = `${network.name}v${number}`;
  const namespaceRegistration = register({ kind: 'netns', name: namespace });
  await run('ip', ['netns', 'add', namespace]);
  const linkRegistration = register({ kind: 'link', name: link });
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  await run('ip', ['link', 'set', link, 'master', network.name, 'up']);
  await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  await run('ip', ['-n', namespace, 'link', 'set', 'eth0', 'up']);
  return {
    namespace,
    address,
    async pullOut() {
      await run('ip', ['link', 'set', link, 'down']);
    },
    async plugIn() {
      await run('ip', ['link', 'set', link, 'up']);
    },
    release() {
      linkRegistration.release();
      namespaceRegistration.release();
    },
  };
}
