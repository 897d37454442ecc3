import type { CephOpenStackHost, OpenStackService, Role } from '../../api/ceph-openstack-host.ts';
import { Waiting } from '../../errors.ts';
import { type ListedService, serviceKey } from '../../openstack-api/services.ts';
import { type OpenStackView, openStackView, type Trials } from './openstack-view.ts';
import type { World } from './world.fixture.ts';

const binaries = {
  ...{ GlanceApi: 'glance-api', CinderVolume: 'cinder-volume', CinderBackup: 'cinder-backup' },
  NovaCompute: 'nova-compute',
} as const;

/** What a host says that OpenStack is to list of it. */
export function servicesOf(roles: readonly Role[], host: string): readonly OpenStackService[] {
  return roles.map((role) => ({ binary: binaries[role], host, stopped: false }));
}

/** As long as still counts wholly when nobody looks in between. */
const betweenLooksMs = 30_000;

/** The OpenStack of a world: it is looked at once whenever the hosts are, and time stands still in between. */
export class Cloud {
  isAway = false;
  #nowMs = 0;
  #trials: Trials = new Map();
  /** By `serviceKey`. */
  readonly #services = new Map<string, ListedService>();

  /** Time goes by: what runs, and with what makes it report, does so. */
  pass(world: Pick<World, 'machine'>, hosts: Iterable<CephOpenStackHost>): void {
    this.#nowMs += betweenLooksMs;
    for (const { spec, status } of hosts) {
      const { power, silentAt, breaksAt } = world.machine(spec.hostName);
      const runs = power === 'on' && spec.revision?.current !== breaksAt && status?.switched !== silentAt;
      for (const service of status?.services ?? []) {
        const before = this.#services.get(serviceKey(service));
        const isUp = runs && !this.isAway;
        const reportedAt = isUp ? String(this.#nowMs) : (before?.reportedAt ?? '');
        this.#services.set(serviceKey(service), { ...service, isUp, reportedAt });
      }
    }
  }

  view({ binding }: Pick<World, 'binding'>, hosts: readonly CephOpenStackHost[]): OpenStackView | undefined {
    const { mode, verification } = binding.spec;
    if (verification.openStack === undefined || mode === 'Plan') return undefined;
    const problem = new Waiting('OpenStackUnreachable', 'Cannot ask Nova.');
    const said = this.isAway ? { services: new Map(), problem } : { services: new Map(this.#services) };
    const asked = { before: this.#trials, nowMs: this.#nowMs };
    const { view, trials } = openStackView({ askedAt: this.#nowMs, ...said }, hosts, hosts, asked);
    this.#trials = trials;
    return view;
  }

  /** The same when time alone is not going to change anything any more. */
  text(view: OpenStackView | undefined): unknown {
    if (view === undefined || this.isAway) return 'nothing is seen';
    return [...view.verdicts].map(([name, { kind }]) => [name, kind, kind === 'coming' ? this.#nowMs : '']);
  }
}
