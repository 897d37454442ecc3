import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import { apiVersion } from '../../api/resource.ts';
import { type Client, fieldManager } from '../../kube/client.ts';
import { clientAuthKind, type KubeObject, secretKind } from '../../kube/kinds.ts';
import { Secret } from '../../secret.ts';
import type { KeepSecret } from './apply.ts';
import type { KeptSecrets } from './observe.ts';

/** The Secrets that resources keep: each bears its keeper as owner, and goes with it. */
export function keptSecrets(client: Client): KeptSecrets & { readonly keepSecret: KeepSecret } {
  return {
    async readKept(resource, name, signal) {
      const { namespace } = resource.metadata;
      const secret = await client.get(secretKind, { namespace, name }, signal);
      if (secret === undefined) return undefined;
      const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [
        key,
        new Secret(Buffer.from(value, 'base64').toString('utf8')),
      ]);
      return { data: Object.fromEntries(decoded), isOurs: isKeptBy(resource, secret) };
    },
    async keepSecret(resource, name, data, { exists }, signal) {
      const { namespace, uid } = resource.metadata;
      const encoded = Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value.reveal(), 'utf8').toString('base64'),
      ]);
      const secret = {
        metadata: {
          name,
          namespace,
          labels: { 'app.kubernetes.io/managed-by': fieldManager },
          ownerReferences: [
            {
              ...{ apiVersion, kind: clientAuthKind.kind, name: resource.metadata.name, uid },
              ...{ controller: true, blockOwnerDeletion: true },
            },
          ],
        },
        type: 'Opaque',
        data: Object.fromEntries(encoded),
      };
      // One that somebody made since the look is not ours: creating, unlike applying, finds that out.
      if (exists) await client.apply(secretKind, secret, signal);
      else await client.create(secretKind, secret, signal);
    },
  };
}

function isKeptBy({ metadata }: CephClientAuth, secret: KubeObject): boolean {
  return (secret.metadata.ownerReferences ?? []).some(
    (owner) => owner.kind === clientAuthKind.kind && owner.apiVersion === apiVersion && owner.name === metadata.name,
  );
}
