import { createClusters } from '../../src/ceph/cluster.ts';
import { readOsdMap } from '../../src/ceph/osd-map.ts';
import { Secret } from '../../src/secret.ts';

interface Order {
  readonly root: string;
  readonly connection: {
    readonly monHost: string;
    readonly entity: string;
    readonly key: string;
    readonly fsid: string;
  };
}

// A process for ceph-broker.test.ts that is killed: uses a cluster, and says the process id of its child.
process.once('message', async ({ root, connection }: Order) => {
  const cluster = createClusters({ root }).get({ ...connection, key: new Secret(connection.key) });
  await readOsdMap(cluster, AbortSignal.timeout(30_000));
  process.send?.(cluster.brokerPid);
});
