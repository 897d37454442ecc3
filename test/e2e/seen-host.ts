import type { Host } from '../../lab/hosts.ts';
import { Secret } from '../../src/secret.ts';

export interface HostFile {
  /** As in `glance:glance`. */
  readonly owner: string;
  /** As in `640`. */
  readonly mode: string;
  readonly content: Secret;
  /** When its content was last changed, in seconds since the epoch, to the nanosecond. */
  readonly changedAt: number;
}

/** undefined when there is no such file. */
export async function fileOn(host: Host, path: string): Promise<HostFile | undefined> {
  const text = await host.run(`[ -e '${path}' ] || exit 0; stat -c '%U:%G %a %.9Y' '${path}'; cat '${path}'`);
  if (text === '') return undefined;
  const [line = '', ...rest] = text.split('\n');
  const [owner = '', mode = '', changedAt] = line.split(' ');
  return { owner, mode, changedAt: Number(changedAt), content: new Secret(rest.join('\n')) };
}

/** Of a keyring with one user. */
export async function keyOn(host: Host, path: string): Promise<Secret | undefined> {
  const key = /^\s*key = (\S+)$/m.exec((await fileOn(host, path))?.content.reveal() ?? '')?.[1];
  return key === undefined ? undefined : new Secret(key);
}

/** A service's options as oslo.config reads them, the last of several counting; what is not set is undefined. */
export async function optionsOn(
  host: Host,
  ...files: readonly string[]
): Promise<(section: string, name: string) => string | undefined> {
  const script = `import json, sys
from oslo_config import cfg
sections = {}
for name in sys.argv[1:]: cfg.ConfigParser(name, sections).parse()
print(json.dumps(sections))`;
  const text = new Secret(await host.run(`python3 - ${files.join(' ')}`, { input: script }));
  return (section, name) => JSON.parse(text.reveal())[section]?.[name]?.at(-1);
}

/** What oslo-config-validator finds wrong with a file; sections that a back end or store brings along are not known to it. */
export async function complaintsAbout(
  host: Host,
  file: string,
  namespaces: readonly string[],
  ownSections: readonly string[],
): Promise<readonly string[]> {
  const args = [
    ...['oslo.log', 'oslo.concurrency', 'oslo.policy', ...namespaces].map((name) => `--namespace ${name}`),
    ...ownSections.map((name) => `--exclude-group ${name}`),
  ];
  const text = await host.run(`oslo-config-validator --input-file ${file} ${args.join(' ')} 2>&1 || true`);
  return text.split('\n').filter((line) => /^(ERROR|WARNING):|Traceback/.test(line));
}

/** Key by UUID, and what the secret is for; none where there is no libvirt. */
export async function libvirtSecretsOn(
  host: Host,
): Promise<ReadonlyMap<string, { readonly usage: string; readonly value: Secret | undefined }>> {
  const list = (await host.run('! command -v virsh >/dev/null || virsh --quiet secret-list')).trim();
  const secrets = new Map<string, { usage: string; value: Secret | undefined }>();
  for (const line of list.split('\n').filter((one) => one !== '')) {
    const [uuid = '', ...usage] = line.trim().split(/\s+/);
    const value = await host.run(`virsh --quiet secret-get-value ${uuid} 2>/dev/null || true`);
    secrets.set(uuid, { usage: usage.join(' '), value: value.trim() === '' ? undefined : new Secret(value.trim()) });
  }
  return secrets;
}

export interface Unit {
  /** As in `active`. */
  readonly state: string;
  /** Another one with each start. */
  readonly invocation: string;
}

export async function unitOn(host: Host, unit: string): Promise<Unit> {
  const text = await host.run(`systemctl show ${unit} --property ActiveState,InvocationID`);
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { state: value('ActiveState'), invocation: value('InvocationID') };
}

export async function installed(host: Host, ...packages: readonly string[]): Promise<readonly string[]> {
  const query = `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${packages.join(' ')} 2>/dev/null || true`;
  const lines = (await host.run(query)).split('\n');
  return packages.filter((name) => lines.includes(`${name} installed`));
}

/**
 * Lets libvirt stay up. Of itself it ends after two minutes in which nobody talks to it, and comes back when asked:
 * nova-compute would, but without a control plane it never gets so far.
 */
export async function keepLibvirtUp(host: Host): Promise<void> {
  await host.run("echo 'LIBVIRTD_ARGS=' >/etc/default/libvirtd && systemctl restart libvirtd");
}

/**
 * Everything on a host that an operator could touch, as text that compares: each file with mode, owner, inode and when
 * content and metadata changed; the packages; and each service with its present run.
 */
export async function traceOf(host: Host): Promise<readonly string[]> {
  const places =
    '/etc /root /home /opt /srv /usr/local /var/lib/ceph-openstack-operator /var/lib/dpkg/status /var/lib/libvirt';
  const files = await host.run(`find ${places} -printf '%p %m %U:%G %i %T@ %C@\\n' 2>/dev/null || true`);
  const units = await host.run(
    `for unit in glance-api cinder-volume cinder-backup nova-compute libvirtd; do
       echo "$unit $(systemctl show $unit --property InvocationID,MainPID,NRestarts,ActiveState | tr '\\n' ' ')"; done`,
  );
  return [...files.split('\n').sort(), ...units.split('\n')];
}
