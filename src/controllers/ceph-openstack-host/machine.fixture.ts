import { createHash } from 'node:crypto';
import type { CephOpenStackHost, Role, ServiceRuns } from '../../api/ceph-openstack-host.ts';
import type { GuestPool, HostFacts, UnitFacts } from '../../hosts/facts.ts';
import type { Manifest } from '../../hosts/manifest.ts';
import { manifestHash } from '../../hosts/manifest-text.ts';
import type { HostStep } from '../../hosts/steps.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { placeOf, projectOf } from '../../openstack/distributions.ts';
import { mergeRoles } from '../../openstack/merge-roles.ts';
import { guideModel } from '../../openstack/model.fixture.ts';
import { renderRole } from '../../openstack/render-role.ts';
import { Secret } from '../../secret.ts';
import { type ClientKey, isRefusal, type SeenHost } from './observed.ts';
import { type FormerBinding, type HostOwner, hostOwnership } from './ownership.ts';
import { planHost } from './plan.ts';
import { knownRuns } from './runs.ts';

const platform = 'debian-systemd';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

interface StandingFile {
  text: string;
  owner: string;
  group: string;
  mode: string;
  writtenAtTicks: number;
}

/** A machine in memory that does what the host's scripts do, as far as plans can tell. */
export class Machine {
  readonly roles: readonly Role[];
  files = new Map<string, StandingFile>();
  directories = new Map<string, { owner: string; group: string; mode: string }>();
  packages = new Set<string>();
  secrets = new Map<string, { usageName: string; value: string | undefined; ephemeral?: boolean }>();
  units = new Map<string, { startTicks: number; active: string; starts: number }>();
  manifest: Manifest | undefined;
  ticks = 100_000;
  restarts: string[] = [];
  localInstances = 0;
  localImages = 0;
  volumes = 0;
  /** RbdPools that do not tell how many there are. */
  uncounted: string[] = [];
  guestSecrets: string[] = [];
  guestPools: GuestPool[] = [];
  addresses: HostFacts['addresses'] = {};
  adoption: CephOpenStackHost['spec']['adoption'] = 'Never';
  former: FormerBinding = 'lists-it';
  owner: HostOwner = {
    ...{ installation: 'lab', namespace: 'openstack', name: 'cloud' },
    host: { name: 'h1', address: '192.0.2.1' },
  };
  keys = clientKeys;
  bootID = 'boot';
  /** What the host's status remembers. */
  runs: ServiceRuns | undefined;

  constructor(roles: readonly Role[]) {
    this.roles = roles;
    for (const role of roles) {
      const place = placeOf(platform, role);
      this.units.set(place.unit, { startTicks: 10, active: 'active', starts: 1 });
      if (role === 'NovaCompute') this.units.set('libvirtd.service', { startTicks: 10, active: 'active', starts: 1 });
      for (const [index, path] of place.configFiles.entries()) {
        this.put(
          path,
          index === 0 ? '[DEFAULT]\n# theirs\nmy_ip = 10.0.0.1\n' : '[DEFAULT]\n',
          'root',
          place.user,
          '0640',
        );
      }
    }
  }

  put(path: string, text: string, owner = 'root', group = 'root', mode = '0644'): void {
    this.files.set(path, { text, owner, group, mode, writtenAtTicks: this.ticks });
  }

  text(path: string): string {
    return this.files.get(path)?.text ?? '';
  }

  wait(seconds: number): void {
    this.ticks += seconds * 100;
  }

  apply(step: HostStep): void {
    this.ticks += 10;
    switch (step.verb) {
      case 'install-packages':
        for (const name of step.packages) this.packages.add(name);
        break;
      case 'write-file':
        this.expect(step.path, step.expected, hash(step.content.reveal()));
        this.put(step.path, step.content.reveal(), step.owner, step.group, step.mode);
        break;
      case 'set-permissions': {
        const file = this.files.get(step.path);
        if (file !== undefined) Object.assign(file, { owner: step.owner, group: step.group, mode: step.mode });
        break;
      }
      case 'remove-file':
        if (this.files.has(step.path)) this.expect(step.path, step.expected, '');
        this.files.delete(step.path);
        break;
      case 'define-libvirt-secret':
        this.secrets.set(step.uuid, { usageName: step.usageName, value: this.secrets.get(step.uuid)?.value });
        break;
      case 'set-libvirt-secret-value': {
        const secret = this.secrets.get(step.uuid);
        if (secret === undefined) throw new Error(`no secret ${step.uuid}`);
        secret.value = step.value.reveal();
        break;
      }
      case 'undefine-libvirt-secret':
        this.secrets.delete(step.uuid);
        break;
      case 'write-manifest': {
        const found = this.manifest === undefined ? 'absent' : manifestHash(this.manifest);
        if (found !== step.expected && found !== manifestHash(step.manifest)) throw new Error('manifest conflict');
        this.manifest = {
          ...step.manifest,
          debts: Object.fromEntries(
            Object.entries(step.manifest.debts).map(([unit, debt]) => [
              unit,
              { ...debt, since: debt.since === 'Now' ? { bootID: this.bootID, ticks: this.ticks } : debt.since },
            ]),
          ),
        };
        break;
      }
      case 'remove-manifest':
        this.manifest = undefined;
        break;
      case 'restart-unit':
        this.start(step.unit);
        this.restarts.push(step.unit);
        break;
      case 'make-directory':
        this.directories.set(step.path, { owner: step.owner, group: step.group, mode: step.mode });
        break;
      case 'remove-directory':
        this.directories.delete(step.path);
        break;
      case 'reload-units':
        break;
    }
  }

  start(name: string): void {
    const unit = this.units.get(name);
    if (unit === undefined || unit.active === 'inactive') return;
    this.ticks += 50;
    Object.assign(unit, { startTicks: this.ticks, active: 'active', starts: unit.starts + 1 });
  }

  private expect(path: string, expected: string, wanted: string): void {
    const file = this.files.get(path);
    const found = file === undefined ? 'absent' : hash(file.text);
    if (found !== expected && found !== wanted) throw new Error(`conflict at ${path}`);
  }

  look(current?: DesiredHost, next?: DesiredHost): SeenHost {
    const paths = new Set([
      ...this.files.keys(),
      ...Object.keys(this.manifest?.files ?? {}),
      ...[current, next].flatMap((one) => [
        ...[...(one?.distribute.directories ?? []), ...(one?.distribute.files ?? [])].map(({ path }) => path),
        ...(one?.distribute.keyrings ?? []).map((file) => file.path),
        ...(one?.switch.options ?? []).map((option) => option.file),
      ]),
    ]);
    const facts: HostFacts = {
      os: {
        ...{ hostname: 'h1', id: 'debian', idLike: [], versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' },
        ...{ initSystem: 'systemd' },
      },
      clock: { bootID: this.bootID, ticks: this.ticks },
      packages: Object.fromEntries([...this.packages].map((name) => [name, { version: '1', status: 'installed' }])),
      packageManagerBusy: false,
      units: Object.fromEntries([...this.units].map(([name, unit]) => [name, unitFacts(unit)])),
      files: Object.fromEntries([...paths].map((path) => [path, this.fileFacts(path)])),
      users: Object.fromEntries(
        ['root', 'glance', 'cinder', 'nova', 'libvirt-qemu'].map((name) => [name, { uid: 1, gid: 1, group: name }]),
      ),
      addresses: this.addresses,
      libvirt: {
        reachable: true,
        secrets: [...this.secrets].map(([uuid, { usageName, value, ephemeral = false }]) => ({
          ...{ uuid, usageName, usageType: 'ceph', ephemeral, private: false },
          ...(value === undefined ? {} : { fingerprint: new Secret(value).fingerprint() }),
        })),
        uses: this.guestSecrets.map((secretUUID, index) => ({ guest: `guest-${index}`, secretUUID })),
        guestPools: this.guestPools,
      },
      localInstances: this.localInstances,
      localImages: this.localImages,
      access: [],
      manifest:
        this.manifest === undefined
          ? { state: 'absent' }
          : { state: 'present', manifest: this.manifest, sha256: manifestHash(this.manifest) },
    };
    return {
      kind: 'seen',
      facts,
      ownership: hostOwnership(facts.manifest, this.owner, this.adoption, () => this.former, undefined),
      platform,
      releases: Object.fromEntries(this.roles.map((role) => [projectOf[role], '2025.1'])),
      missingRoles: [],
      unknownVersions: [],
      current: current === undefined ? undefined : { name: 'current', desired: current },
      next: next === undefined ? undefined : { name: next === current ? 'current' : 'next', desired: next },
      keys: this.keys,
      owner: this.owner,
      readers: Object.fromEntries(
        this.roles.map((role) => [placeOf(platform, role).unit, placeOf(platform, role).configFiles]),
      ),
      runs: this.runs,
      volumes: { images: this.volumes, uncounted: this.uncounted },
    };
  }

  private fileFacts(path: string): HostFacts['files'][string] {
    const directory = this.directories.get(path);
    if (directory !== undefined) return { kind: 'directory', ...directory, parentMissing: false };
    const file = this.files.get(path);
    if (file === undefined) return { kind: 'absent', parentMissing: false };
    const { text, owner, group, mode, writtenAtTicks } = file;
    return {
      ...{ kind: 'file', owner, group, mode, bytes: text.length, sha256: hash(text), content: new Secret(text) },
      ageSeconds: Math.floor((this.ticks - writtenAtTicks) / 100),
      parentMissing: false,
    };
  }
}

function unitFacts(unit: { startTicks: number; active: string; starts: number }): UnitFacts {
  return {
    ...{ load: 'loaded', active: unit.active, sub: 'running', unitFile: 'enabled', jobPending: false },
    ...{ invocation: String(unit.starts), mainPID: 7, needsReload: false, clusterManaged: false },
    ...(unit.active === 'active' ? { startTicks: unit.startTicks } : {}),
  };
}

const clientKeys: ReadonlyMap<string, ClientKey> = new Map(
  ['glance', 'cinder', 'cinder-backup'].map((user) => {
    const key = `key-of-${user}`;
    return [
      `cloud-${user}-ceph-client`,
      { key: new Secret(key), keyring: new Secret(`[client.${user}]\n\tkey = ${key}\n`) },
    ];
  }),
);

/** What the guide's model needs of a host with these roles, with the fingerprints of these keys. */
export function desiredFor(
  roles: readonly Role[],
  changed: Partial<typeof guideModel> = {},
  keys = clientKeys,
): DesiredHost {
  const model = JSON.parse(JSON.stringify({ ...guideModel, ...changed }), (name, value) =>
    name === 'client' ? { ...value, fingerprint: keys.get(value.secretName)?.key.fingerprint() ?? '' } : value,
  );
  const rendered = roles.map((role) => {
    const one = renderRole(model, { role, platform, release: '2025.1' });
    if ('refused' in one) throw new Error(one.message);
    return one;
  });
  const merged = mergeRoles(rendered, platform);
  if (isRefusal(merged)) throw new Error(merged.message);
  return merged;
}

/** Applies plans until one is empty, as the loop does; gives the steps that were done. */
export function settle(machine: Machine, host: CephOpenStackHost, current?: DesiredHost, next = current): HostStep[] {
  const done: HostStep[] = [];
  for (let round = 0; round < 12; round++) {
    const seen = machine.look(current, next);
    const plan = planHost(host, seen);
    machine.runs = knownRuns(seen);
    const steps = plan.stages.flat();
    if (steps.length === 0 && (plan.hold === undefined || plan.hold.stalled)) return done;
    if (steps.length === 0 && plan.hold?.reason !== 'Progressing') return done;
    for (const step of steps) machine.apply(step);
    done.push(...steps);
    machine.wait(6);
  }
  throw new Error('does not settle');
}
