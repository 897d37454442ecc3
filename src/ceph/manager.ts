import { z } from 'zod';
import type { Cluster, SharedQuery } from './cluster.ts';
import { printable } from './printable.ts';

/** Whether Ceph itself chooses the placement groups of pools that leave them to it; if not, `why` is a clause. */
export type Autoscaler = { readonly runs: true } | { readonly runs: false; readonly why: string };

const moduleName = 'pg_autoscaler';

const dumped = z.object({
  available: z.boolean(),
  modules: z.array(z.string()).default([]),
  /** By release; what it holds is on whatever `modules` says. */
  always_on_modules: z.record(z.string(), z.array(z.string())).default({}),
  available_modules: z
    .array(z.object({ name: z.string(), can_run: z.boolean().default(true), error_string: z.string().default('') }))
    .default([]),
});

const autoscalerQuery: SharedQuery<Autoscaler> = {
  command: { prefix: 'mgr dump' },
  parse(json) {
    const { available, modules, always_on_modules, available_modules } = dumped.parse(json);
    if (!available) return { runs: false, why: 'no manager is active' };
    if (![modules, ...Object.values(always_on_modules)].some((names) => names.includes(moduleName))) {
      return { runs: false, why: `the manager's module ${moduleName} is not enabled` };
    }
    // A module that runs may have something in error_string all the same.
    const broken = available_modules.find(({ name, can_run }) => name === moduleName && !can_run);
    if (broken === undefined) return { runs: true };
    return {
      runs: false,
      why: `the manager cannot load its module ${moduleName} (${printable(broken.error_string, 200)})`,
    };
  },
};

/** By what the active manager told the monitors when it began: a module that died since is not seen. */
export function readAutoscaler(cluster: Pick<Cluster, 'shared'>, signal: AbortSignal): Promise<Autoscaler> {
  return cluster.shared(autoscalerQuery, signal);
}
