import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import { apiVersion } from '../../api/resource.ts';
import { type Client, fieldManager } from '../../kube/client.ts';
import { clientAuthKind, secretKind } from '../../kube/kinds.ts';
import type { KnownSecret, SecretStore } from '../secrets.ts';
import type { KeepSecret } from './apply.ts';
import type { KeptSecrets } from './observe.ts';

/** The Secrets that resources keep: each bears its keeper as owner, and goes with it. */
export function keptSecrets(client: Client, secrets: SecretStore): KeptSecrets & { readonly keepSecret: KeepSecret } {
  return {
    async readKept(resource, name, signal) {
      const { namespace } = resource.metadata;
      const secret = await secrets.readWhole({ namespace, name }, signal);
      return secret && { data: secret.data, isOurs: isKeptBy(resource, secret) };
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
      const write = exists ? client.apply : client.create;
      secrets.wrote(await write(secretKind, secret, signal));
    },
  };
}

function isKeptBy({ metadata }: CephClientAuth, { ownerReferences }: KnownSecret): boolean {
  return ownerReferences.some(
    (owner) => owner.kind === clientAuthKind.kind && owner.apiVersion === apiVersion && owner.name === metadata.name,
  );
}
