import { buildArgoCD } from './argocd.ts';
import { fetchGoModule, goModules } from './go-program.ts';

/**
 * Begins what is wanted later, while others work: fetches what the lab's programs are made of, and then builds Argo CD, which only one of the
 * last tests wants. `test/run.ts` runs it beside the tests. Where it fails it says nothing: whoever wants the same does it anew, and tells.
 */
for (const module of goModules) await fetchGoModule(module).catch(() => {});
await buildArgoCD().catch(() => {});
