import assert from 'node:assert/strict';
import { eventually } from '../../lab/eventually.ts';
import type { ToyLab } from './kube-toy.ts';

/** What tests do to the pools of a toy lab, and wait for; the lab may be started later. */
export function toyDeeds(lab: () => ToyLab) {
  const apply = (object: unknown) => lab().kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
  const remove = (name: string) => lab().kube.kubectl(['delete', 'rbdpool', name, '-n', 'openstack', '--wait=false']);
  const annotate = (name: string, annotation: string) =>
    lab().kube.kubectl(['annotate', 'rbdpool', name, '-n', 'openstack', annotation]);

  async function ready(name: string): Promise<void> {
    await eventually(async () => {
      const object = await lab().pool(name);
      assert.equal(object?.status?.observedGeneration, object?.metadata.generation);
      const { Ready, Reconciling, Stalled } = await lab().conditions(name);
      assert.equal(Ready?.status, 'True');
      assert.equal(Ready?.reason, 'Converged');
      assert.equal(Reconciling ?? Stalled, undefined);
    });
  }
  async function gone(name: string): Promise<void> {
    await eventually(async () => assert.equal(await lab().pool(name), undefined));
  }
  async function condition(name: string, type: string, reason: string): Promise<string> {
    return eventually(async () => {
      const found = (await lab().conditions(name))[type];
      assert.equal(found?.reason, reason);
      return found?.message ?? '';
    });
  }

  return { apply, remove, annotate, ready, gone, condition };
}
