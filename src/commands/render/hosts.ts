import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { renderKeyring } from '../../ceph/conf.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import { editOptions } from '../../openstack/option-edit.ts';
import { Secret } from '../../secret.ts';
import type { HostDraft } from './draft.ts';
import type { RenderedHost, RenderedOption } from './rendering.ts';

/** In the place of every key, which a rendering never knows. */
const noKey = new Secret('***');

export function renderHost(binding: CephOpenStackBinding, { host, machine, desired }: HostDraft): RenderedHost {
  const { distribute, switch: change } = desired;
  const { namespace, name } = binding.metadata;
  const projects = desired.roles.map((role) => projectOf[role]);
  return {
    binding: `${namespace}/${name}`,
    name: host.name,
    address: host.port === undefined ? host.address : withPort(host.address, host.port),
    roles: desired.roles,
    platform: desired.platform,
    releases: Object.fromEntries(
      [...new Set(projects)].sort().map((project) => [project, machine.releases[project]] as const),
    ),
    packages: { handling: binding.spec.packages, needed: distribute.packages },
    directories: distribute.directories,
    files: [
      ...distribute.files.map(({ path, owner, group, mode, content }) => ({ path, owner, group, mode, content })),
      ...distribute.keyrings.map(({ path, owner, group, mode, entity }) => ({
        path,
        owner,
        group,
        mode,
        content: renderKeyring(entity, noKey).reveal(),
      })),
    ],
    options: change.options.map(renderOption),
    libvirtSecrets: distribute.libvirtSecrets.map(({ uuid, usageName, entity }) => ({
      uuid,
      usageName,
      entity,
      key: '***',
    })),
    services: change.services,
    restarts: { handling: binding.spec.restart, units: unitsToRestart(desired) },
    access: desired.access,
  };
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function renderOption(option: Option): RenderedOption {
  const { file, section, name, edit, type, layout, guard, restarts } = option;
  const [change] = editOptions(new Secret(''), [option]).changes;
  return {
    file,
    section,
    name,
    value: change?.record.wrote?.reveal() ?? null,
    edit,
    type,
    ...(layout === undefined ? {} : { layout }),
    ...(guard === undefined ? {} : { guard }),
    restarts,
  };
}

/** Should all of it be new to the host: what is there already restarts nothing. */
function unitsToRestart({ distribute, switch: change }: HostDraft['desired']): readonly string[] {
  return [...new Set([...distribute.packages, ...change.options].flatMap(({ restarts }) => restarts))].sort();
}
