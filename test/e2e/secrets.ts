import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Host } from '../../lab/hosts.ts';
import type { World } from '../../lab/world.ts';
import { Secret } from '../../src/secret.ts';
import { users } from './seen-ceph.ts';

/** Passwords that were put into the files of services, by what they are. */
export type Planted = ReadonlyMap<string, Secret>;

const places = [
  ['ctl1', '/etc/glance/glance-api.conf', 'keystone_authtoken', 'password', (word: string) => word],
  ['ctl1', '/etc/cinder/cinder.conf', 'keystone_authtoken', 'password', (word: string) => word],
  [
    'ctl1',
    '/etc/cinder/cinder.conf',
    'DEFAULT',
    'transport_url',
    (word: string) => `rabbit://openstack:${word}@127.0.0.1/`,
  ],
  ['cmp1', '/etc/nova/nova.conf', 'keystone_authtoken', 'password', (word: string) => word],
] as const;

/** Gives the services' files passwords of the kind that a real cloud has in them. */
export async function plantPasswords(world: World): Promise<Planted> {
  const planted = new Map<string, Secret>();
  for (const [host, file, section, option, value] of places) {
    const word = randomBytes(18).toString('hex');
    const line = `/^\\[${section}\\]/a ${option} = ${value(word)}\n`;
    await world.host(host).run(`sed -i -f - ${file}`, { input: line });
    planted.set(`${option} in ${file}`, new Secret(word));
  }
  return planted;
}

/** All that must not be seen, by what it is: keys of users, of SSH, the operator's token, planted passwords. */
export async function knownSecrets(world: World, planted: Planted): Promise<ReadonlyMap<string, Secret>> {
  const secrets = new Map(planted);
  for (const { entity, key } of (await users(world.ceph)).values()) {
    if (/^client\.(glance|cinder|nova|openstack-operator)/.test(entity)) secrets.set(`the key of ${entity}`, key);
  }
  // Any line of the key's body tells it, but for the first, which is the same in all keys.
  const [, ...lines] = world.network.sshKey.privateKey
    .reveal()
    .split('\n')
    .filter((line) => line.length > 50);
  for (const [index, line] of lines.entries()) secrets.set(`line ${index + 2} of the SSH key`, new Secret(line));
  for (const { kubeconfig } of world.operators) {
    const token = /"?token"?: *"?([^"\s,}]+)/.exec(await readFile(kubeconfig, 'utf8'))?.[1];
    if (token === undefined) throw new Error(`${kubeconfig} holds no token`);
    secrets.set("the operator's token", new Secret(token));
  }
  for (const [what, secret] of [...secrets]) {
    secrets.set(`${what}, in base64`, new Secret(Buffer.from(secret.reveal()).toString('base64').replaceAll('=', '')));
  }
  return secrets;
}

/** The texts that hold secrets, shortened, and which ones. */
export function findSecrets(texts: readonly string[], secrets: ReadonlyMap<string, Secret>): readonly string[] {
  return texts.flatMap((text) =>
    [...secrets]
      .filter(([, secret]) => text.includes(secret.reveal()))
      .map(([what, secret]) => `${what}: ${text.replaceAll(secret.reveal(), '***').slice(0, 300)}`),
  );
}

/** Files of a host that hold any of them. */
export async function filesWith(host: Host, secrets: ReadonlyMap<string, Secret>): Promise<readonly string[]> {
  const patterns = [...secrets.values()].map((secret) => secret.reveal()).join('\n');
  const folders = '/etc /home /opt /root /run /srv /tmp /usr/local /var';
  const text = await host.run(`grep -rlFsf - --devices=skip ${folders} || true`, { input: patterns });
  return text.split('\n').filter((path) => path !== '');
}
