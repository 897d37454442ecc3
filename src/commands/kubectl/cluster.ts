import { KubeConfig } from '@kubernetes/client-node';
import type { Resource } from '../../api/resource.ts';
import { type Client, createClient, listPage } from '../../kube/client.ts';
import { bindingKind, clientAuthKind, hostKind, type Kind, type KubeObject, poolKind } from '../../kube/kinds.ts';
import { isNotFound } from '../../kube/kube-error.ts';
import { createTransport } from '../../kube/transport.ts';
import { InputFaults, UsageError } from '../command.ts';
import { unreadable } from '../read-sources.ts';
import type { Objects } from './objects.ts';

/** The options of every command that asks a cluster, as parseArgs takes them. */
export const clusterOptions = {
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A', default: false },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
} as const;

/** What `--help` says of them. */
export const clusterHelp = `  -n, --namespace NAME   default: that of the context
  -A, --all-namespaces   all that you may read
  --kubeconfig FILE      default: $KUBECONFIG, else ~/.kube/config
  --context NAME         default: the current one
`;

interface ClusterValues {
  readonly namespace?: string | undefined;
  readonly 'all-namespaces'?: boolean | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** A cluster as the user may see it, with the user's own rights. */
export interface Cluster extends AsyncDisposable {
  /** Where one looks; `undefined` is everywhere. */
  readonly namespace: string | undefined;
  readonly client: Client;
  objects(signal?: AbortSignal): Promise<Objects>;
}

/** @throws {UsageError} for a context that there is not. */
export function openCluster(values: ClusterValues): Cluster {
  const kubeConfig = new KubeConfig();
  try {
    if (values.kubeconfig !== undefined) kubeConfig.loadFromFile(values.kubeconfig);
    else kubeConfig.loadFromDefault();
  } catch (error) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : 'the kubeconfig';
    throw new InputFaults([unreadable(path, error)]);
  }
  if (values.context !== undefined) {
    if (kubeConfig.getContextObject(values.context) === null) {
      const known = kubeConfig.getContexts().map(({ name }) => name);
      throw new UsageError(
        `There is no context "${values.context}"; there are: ${known.toSorted().join(', ') || 'none'}.`,
      );
    }
    kubeConfig.setCurrentContext(values.context);
  }
  // What the library makes up where it finds nothing.
  if (kubeConfig.getCurrentCluster()?.server === 'http://localhost:8080') {
    throw new InputFaults(['No kubeconfig was found: set KUBECONFIG, or give --kubeconfig FILE.']);
  }
  const transport = createTransport(kubeConfig);
  const here = values.namespace ?? kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? 'default';
  const namespace = values['all-namespaces'] === true ? undefined : here;

  async function list<T extends KubeObject & Resource>(kind: Kind<T>, signal?: AbortSignal): Promise<readonly T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const page = await listPage(
        transport,
        kind,
        namespace === undefined ? {} : { namespace },
        { continue: next },
        signal,
      );
      items.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
    return items.toSorted(byName);
  }

  return {
    namespace,
    client: createClient(transport, { manager: 'kubectl-cephopenstack' }),
    async objects(signal) {
      try {
        const [bindings, pools, clients, hosts] = await Promise.all([
          list(bindingKind, signal),
          list(poolKind, signal),
          list(clientAuthKind, signal),
          list(hostKind, signal),
        ]);
        return { bindings, pools, clients, hosts };
      } catch (error) {
        if (isNotFound(error)) {
          throw new Error('The cluster does not know our kinds: install the CRDs first.', { cause: error });
        }
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** Where a cluster is looked at, for a sentence. */
export function whereOf({ namespace }: Cluster): string {
  return namespace === undefined ? 'any namespace' : `namespace "${namespace}"`;
}

function byName(a: Resource, b: Resource): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}
