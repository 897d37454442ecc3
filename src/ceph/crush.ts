import { z } from 'zod';
import type { Cluster, SharedQuery } from './cluster.ts';

/** Where copies or chunks lie: below `root`, on devices of the class, no two in one `failureDomain`. */
export interface Placement {
  readonly root: string;
  readonly failureDomain: string;
  readonly deviceClass: string | undefined;
}

export interface CrushRule {
  readonly id: number;
  readonly name: string;
  /** The pools that it can serve. */
  readonly type: 'replicated' | 'erasure';
  /** The item that it takes first, as CRUSH knows it: `default`, `default~ssd`. */
  readonly takes: string | undefined;
  /** Undefined when the rule is not of the form that Ceph makes by itself. */
  readonly placement: Placement | undefined;
}

const step = z.object({
  op: z.string(),
  item_name: z.string().optional(),
  num: z.int().optional(),
  type: z.string().optional(),
});
const rule = z.object({ rule_id: z.int(), rule_name: z.string(), type: z.int(), steps: z.array(step) });

const erasureType = 3;
/** For copies, and for chunks, each of which has its place. */
const choosing = new Set(['chooseleaf_firstn', 'choose_firstn', 'chooseleaf_indep', 'choose_indep']);
/** How hard a rule for chunks tries, which Ceph writes before it. */
const tuning = new Set(['set_chooseleaf_tries', 'set_choose_tries']);

const rulesQuery: SharedQuery<readonly CrushRule[]> = {
  command: { prefix: 'osd crush rule dump' },
  parse: (json) =>
    z
      .array(rule)
      .parse(json)
      .map(({ rule_id, rule_name, type, steps }) => ({
        id: rule_id,
        name: rule_name,
        type: type === erasureType ? 'erasure' : 'replicated',
        takes: steps.find(({ op }) => op === 'take')?.item_name,
        placement: toPlacement(steps),
      })),
};

function toPlacement(steps: readonly z.infer<typeof step>[]): Placement | undefined {
  const [take, choose, emit, ...rest] = steps.filter(({ op }) => !tuning.has(op));
  if (take?.op !== 'take' || emit?.op !== 'emit' || rest.length > 0) return undefined;
  if (choose === undefined || !choosing.has(choose.op)) return undefined;
  if (choose.num !== 0 || choose.type === undefined) return undefined;
  const [root = '', deviceClass] = (take.item_name ?? '').split('~');
  return { root, failureDomain: choose.type, deviceClass };
}

export function readCrushRules(cluster: Cluster, signal: AbortSignal): Promise<readonly CrushRule[]> {
  return cluster.shared(rulesQuery, signal);
}

/** Makes a rule. Ceph answers 0 also when one of that name is there, whatever it says. */
export async function createCrushRule(
  cluster: Cluster,
  name: string,
  { root, failureDomain, deviceClass }: Placement,
  signal: AbortSignal,
): Promise<void> {
  const command = {
    prefix: 'osd crush rule create-replicated',
    name,
    root,
    type: failureDomain,
    ...(deviceClass === undefined ? {} : { class: deviceClass }),
  };
  await cluster.write(command, {}, signal);
}

export interface CrushTree {
  /** OSDs that are in, below an item: `default`, `default~ssd`. 0 for an item that does not exist. */
  osdsBelow(item: string): number;
  /** Buckets of the placement's failure domain that hold such OSDs. */
  failureDomains(placement: Placement): number;
}

const node = z.object({
  id: z.int(),
  name: z.string(),
  type: z.string(),
  device_class: z.string().optional(),
  children: z.array(z.int()).default([]),
  reweight: z.number().default(1),
});

type Node = z.infer<typeof node>;

const treeQuery: SharedQuery<CrushTree> = {
  command: { prefix: 'osd tree' },
  parse(json) {
    const { nodes } = z.object({ nodes: z.array(node) }).parse(json);
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const below = (name: string): readonly Node[] => {
      const found = new Map<number, Node>();
      const visit = (id: number): void => {
        const at = byId.get(id);
        if (at === undefined || found.has(id)) return;
        found.set(id, at);
        for (const child of at.children) visit(child);
      };
      for (const node of nodes) if (node.name === name) visit(node.id);
      return [...found.values()];
    };
    const osdsBelow = (item: string): number => {
      const [name = '', deviceClass] = item.split('~');
      const isUsed = ({ type, reweight, device_class }: Node): boolean =>
        type === 'osd' && reweight > 0 && (deviceClass === undefined || device_class === deviceClass);
      return below(name).filter(isUsed).length;
    };
    const failureDomains = ({ root, failureDomain, deviceClass }: Placement): number =>
      below(root).filter(
        ({ type, name }) =>
          type === failureDomain && osdsBelow(deviceClass === undefined ? name : `${name}~${deviceClass}`) > 0,
      ).length;
    return { osdsBelow, failureDomains };
  },
};

export function readCrushTree(cluster: Cluster, signal: AbortSignal): Promise<CrushTree> {
  return cluster.shared(treeQuery, signal);
}
