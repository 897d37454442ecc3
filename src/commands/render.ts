import { parseMonHost } from '../ceph/mon-host.ts';
import { familyOf, platformOf } from '../openstack/distributions.ts';
import { type Project, parseRelease, type Release } from '../openstack/releases.ts';
import { plural } from '../plural.ts';
import { type Command, InputFaults, parseWords, UsageError } from './command.ts';
import { readSources } from './read-sources.ts';
import { asJson } from './render/as-json.ts';
import { asText } from './render/as-text.ts';
import { asTree, twiceInTree } from './render/as-tree.ts';
import { render } from './render/render.ts';
import type { Rendering } from './render/rendering.ts';
import { placeholdersIn, type RunningWorld } from './render/running-world.ts';
import { writeTree } from './render/write-tree.ts';

const forms = ['text', 'json', 'dir'] as const;

/** Prints what every host, user and pool would get, without a cluster. */
export const renderCommand: Command = {
  summary: 'Print what files say that every pool, user and host would get, without a cluster',
  help: `render -f FILE|- … [--host NAME …] [--release R] [--distribution D] [--output text|json|dir DIR]

Prints what the resources in files come to: pools and their settings, users and their caps, and for each host the files,
options, packages, libvirt secrets and restarts. It talks to nobody and never knows a key, which shows as ***.

  -f, --file FILE        resources as YAML or JSON, several documents too; a folder; - is the input. May be given again
  --host NAME            only this host of the bindings. May be given again
  --release R            the hosts' OpenStack, such as 2025.1 or queens; nova=R, cinder=R, glance=R for one of them.
                         Needed where the binding does not say spec.openstack.release
  --distribution D       the hosts' distribution, such as debian-13, ubuntu-14.04, rocky-9. Default: debian
  --init NAME            what starts services: systemd, upstart, sysvinit. Default: the first that D is known with
  --fsid UUID            the cluster's fsid; SECRET=UUID for one of several connections. May be given for each
  --mon-host ADDRESSES   the cluster's monitors, as mon_host has them; SECRET=ADDRESSES likewise
  -o, --output FORM      text (default), json, or dir: a tree DIR/HOST/etc/… that compares well in git

Ends with 0; with 1 when the input is wrong, after a line for each thing to mend; with 2 when called wrongly.
`,
  async run(args) {
    const { values, positionals } = parseWords({
      args: [...args],
      allowPositionals: true,
      options: {
        file: { type: 'string', short: 'f', multiple: true, default: [] },
        host: { type: 'string', multiple: true, default: [] },
        release: { type: 'string', multiple: true, default: [] },
        distribution: { type: 'string', default: 'debian' },
        init: { type: 'string' },
        fsid: { type: 'string', multiple: true, default: [] },
        'mon-host': { type: 'string', multiple: true, default: [] },
        output: { type: 'string', short: 'o', default: 'text' },
      },
    });
    const form = forms.find((candidate) => candidate === values.output);
    if (form === undefined) throw new UsageError(`--output is "${values.output}"; it must be text, json or dir DIR.`);
    const [folder, ...more] = form === 'dir' ? positionals : [undefined, ...positionals];
    if (more.length > 0) throw new UsageError(`Unexpected argument "${more[0]}".`);
    if (form === 'dir' && folder === undefined) throw new UsageError('Say which folder: --output dir DIR.');
    if (form === 'dir' && values.host.length > 0) throw new UsageError('A tree holds every host: leave --host out.');
    if (values.file.length === 0) throw new UsageError('Give the file with -f, or - for the input.');
    const world: RunningWorld = {
      ...machineOf(values.distribution, values.init),
      ...releasesOf(values.release),
      fsids: byConnection('--fsid', values.fsid, fsidOf, 'a UUID in lower case'),
      monHosts: byConnection('--mon-host', values['mon-host'], parseMonHost, 'addresses'),
    };
    const { sources, faults } = await readSources(values.file);
    const result = faults.length > 0 ? { faults } : render(sources, world);
    if ('faults' in result) throw new InputFaults(result.faults);
    if (folder !== undefined) {
      const twice = twiceInTree(result.rendering);
      if (twice !== undefined) {
        process.stderr.write(`Two bindings have a host "${twice}", and a tree has room for one: render them apart.\n`);
        return 1;
      }
      const tree = asTree(result.rendering);
      await writeTree(folder, tree);
      process.stdout.write(`Wrote ${plural(tree.size, 'file')} below ${folder}.\n`);
      return 0;
    }
    const rendering = onlyHosts(result.rendering, values.host);
    process.stdout.write(form === 'json' ? asJson(rendering) : asText(rendering));
    return 0;
  },
};

/** os-release's ID_LIKE of distributions that do not bear their family's name. */
const kin: Readonly<Record<string, readonly string[]>> = {
  almalinux: ['rhel'],
  ol: ['rhel'],
  rocky: ['rhel'],
  scientific: ['rhel'],
};

function machineOf(distribution: string, init: string | undefined) {
  const [id = ''] = distribution.split('-');
  const family = familyOf(id, Object.hasOwn(kin, id) ? (kin[id] ?? []) : []);
  const machines = (init === undefined ? ['systemd', 'upstart', 'sysvinit'] : [init]).map((initSystem) => {
    const platform = platformOf({ distribution, family, initSystem });
    return { distribution, family, initSystem, platform };
  });
  const found = machines.find(({ platform }) => typeof platform === 'string');
  if (found !== undefined) return { distribution, family, initSystem: found.initSystem };
  const [{ platform } = { platform: undefined }] = machines;
  const why = typeof platform === 'object' ? platform.message : '';
  throw new UsageError(`A machine with --distribution ${distribution} is not supported: ${why}`);
}

const projects: readonly Project[] = ['cinder', 'glance', 'nova'];

function releasesOf(words: readonly string[]): Pick<RunningWorld, 'release' | 'releases'> {
  const releases: Partial<Record<Project, Release>> = {};
  let all: Release | undefined;
  for (const word of words) {
    const [name = '', value] = word.split('=');
    const project = projects.find((candidate) => candidate === name);
    const release = parseRelease(value ?? name);
    if (release === undefined || (value !== undefined && project === undefined)) {
      throw new UsageError(
        `--release is "${word}"; it must be a release from havana to 2026.2, perhaps after ${projects.join('=, ')}=.`,
      );
    }
    if ((project === undefined ? all : releases[project]) !== undefined) {
      throw new UsageError(`--release is given twice for ${project ?? 'every project'}.`);
    }
    if (project === undefined) all = release;
    else releases[project] = release;
  }
  return { release: all, releases };
}

function fsidOf(text: string): string | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : undefined;
}

function byConnection(
  option: string,
  words: readonly string[],
  read: (value: string) => string | undefined,
  what: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const word of words) {
    const [, name = '', value = ''] = /^(?:([a-z0-9.-]+)=)?(.*)$/s.exec(word) ?? [];
    const known = read(value);
    if (known === undefined) throw new UsageError(`${option} is ${JSON.stringify(word)}; it must be ${what}.`);
    if (found.has(name))
      throw new UsageError(`${option} is given twice${name === '' ? '' : ` for the connection "${name}"`}.`);
    found.set(name, known);
  }
  return found;
}

/** What concerns some hosts only. */
function onlyHosts(rendering: Rendering, names: readonly string[]): Rendering {
  if (names.length === 0) return rendering;
  const known = rendering.hosts.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--host is "${unknown}"; the bindings have ${[...new Set(known)].sort().join(', ') || 'none'}.`,
    );
  }
  const hosts = rendering.hosts.filter(({ name }) => names.includes(name));
  return { ...rendering, placeholders: placeholdersIn(hosts, rendering.placeholders), pools: [], users: [], hosts };
}
