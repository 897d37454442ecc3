import { loadAll } from 'js-yaml';
import type { ApiRequest } from '../../lab/kube.ts';
import { operatorName, type World } from '../../lab/world.ts';
import { operatorRequests } from './story.ts';

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly rules?: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

/** What the chart allows the operator and it has not done so far, as `verb resource.group`, sorted. */
export async function unusedRights(world: World): Promise<readonly string[]> {
  const used = new Set((await operatorRequests(world)).flatMap(rightsFor));
  return (await rightsOf(world)).filter((right) => !used.has(right)).sort();
}

async function rightsOf(world: World): Promise<readonly string[]> {
  const text = await world.kube.helm(['get', 'manifest', operatorName, `--namespace=${operatorName}`]);
  const names = [operatorName, `${operatorName}-leader`];
  const roles = (loadAll(text) as Manifest[]).filter(({ metadata }) => names.includes(metadata.name));
  return roles
    .flatMap(({ rules = [] }) => rules)
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((name) => verbs.map((verb) => `${verb} ${name}.${group}`))),
    );
}

const path =
  /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/[^/]+)?\/(?<plural>[^/]+)(\/[^/]+(?<subresource>\/[^/]+)?)?$/;

/** What a request took that was granted. */
function rightsFor({ verb, uri, code }: ApiRequest): readonly string[] {
  const parts = path.exec(new URL(uri, 'http://any').pathname)?.groups;
  if (parts === undefined || code === 401 || code === 403) return [];
  const resource = `${parts.plural}${parts.subresource ?? ''}.${parts.group ?? ''}`;
  // An apply that makes the object is asked for both.
  return code === 201 ? [`${verb} ${resource}`, `create ${resource}`] : [`${verb} ${resource}`];
}
