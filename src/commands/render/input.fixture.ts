import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../openstack/releases.ts';
import { render } from './render.ts';
import type { Rendering } from './rendering.ts';
import type { RunningWorld } from './running-world.ts';

/* Resources as texts, and what becomes of them. */

export function debian(release: Release | undefined, more: Partial<RunningWorld> = {}): RunningWorld {
  const machine = { distribution: 'debian', family: 'debian', initSystem: 'systemd' };
  return { ...machine, release, releases: {}, fsids: new Map(), monHosts: new Map(), ...more };
}

export function rendered(texts: readonly string[], world = debian('2025.1')): Rendering {
  const sources = texts.map((text, index) => ({ name: `${index + 1}.yaml`, text }));
  const result = render(sources, world);
  assert.ok('rendering' in result, 'faults' in result ? result.faults.join('\n') : '');
  return result.rendering;
}

export function faults(texts: readonly string[], world = debian('2025.1')): readonly string[] {
  const sources = texts.map((text, index) => ({ name: `${index + 1}.yaml`, text }));
  const result = render(sources, world);
  return 'faults' in result ? result.faults : assert.fail('it was rendered');
}

export const head = (kind: string, name: string) =>
  `apiVersion: cephopenstack.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: openstack}\n`;
export const bindingOf = (spec: string, name = 'cloud') =>
  `${head('CephOpenStackBinding', name)}spec:\n  cluster: {secretName: ceph-main}\n  ssh: {secretName: fleet-ssh}\n${spec}`;
export const controller = (sections: string, name?: string) =>
  bindingOf(`  hosts: [{name: ctl1, address: 10.0.0.11, roles: [CinderVolume]}]\n${sections}`, name);
export const poolOf = (name: string, spec = '') =>
  `${head('RbdPool', name)}spec: {cluster: {secretName: ceph-main}${spec}}\n`;
export const userOf = (name: string, spec: string) =>
  `${head('CephClientAuth', name)}spec: {cluster: {secretName: ceph-main}, ${spec}}\n`;
export const secretOf = (name: string, policy: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: openstack}\nstringData:\n  policy: |\n    ${policy}\n`;
export const documents = (...texts: readonly string[]) => texts.join('---\n');

// `UPDATE_GOLDEN=1 node --test …` writes them anew; then read what changed.
export function assertGolden(name: string, text: string): void {
  const golden = join(import.meta.dirname, 'testdata', name);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, 'utf8'));
}
