import { glanceLayout } from '../../openstack/glance-layout.ts';
import { setOption } from '../../openstack/oslo-config.ts';
import { Secret } from '../../secret.ts';
import { cephBlocks, headBlocks, hostText } from './as-text.ts';
import type { RenderedHost, Rendering } from './rendering.ts';

/** A name that no host can have, which begins with a letter or digit. */
export const cephFile = '_ceph.txt';

const service = "# What is set in this file; the rest of the host's own stays.\n";

/**
 * A rendering as files that compare well: by path below the folder, `<host>/etc/…`, `<host>/host.txt` and `_ceph.txt`.
 * A service's file is what an empty one becomes.
 */
export function asTree(rendering: Rendering): ReadonlyMap<string, string> {
  const head = [...headBlocks(rendering), ...cephBlocks(rendering)];
  const files = new Map([[cephFile, `${head.join('\n\n')}\n`]]);
  for (const host of rendering.hosts) {
    files.set(`${host.name}/host.txt`, `${hostText(host, false)}\n`);
    for (const { path, content } of host.files) files.set(`${host.name}${path}`, content);
    for (const [path, content] of serviceFiles(host)) files.set(`${host.name}${path}`, `${service}${content}`);
  }
  return files;
}

/** Hosts of two bindings may bear one name, and a tree has room for one of them. */
export function twiceInTree({ hosts }: Rendering): string | undefined {
  return hosts.find(({ name }, index) => hosts.findIndex((other) => other.name === name) !== index)?.name;
}

function serviceFiles(host: RenderedHost): ReadonlyMap<string, string> {
  const { glance } = host.releases;
  const layout = glance === undefined ? undefined : glanceLayout(new Secret(''), glance);
  const files = new Map<string, string>();
  for (const { file, section, name, value, layout: only } of host.options) {
    if (value === null || (only !== undefined && only !== layout)) continue;
    files.set(file, setOption(files.get(file) ?? '', section, name, value));
  }
  return files;
}
