import type { Plan, Step } from '../kube/reconciler.ts';

/** What the tests of a kind's plans bring: how objects are made, seen in a world of `W`, planned, and how steps change it. */
interface Kind<R, W, O, S extends Step, P> {
  make(spec: P, metadata: object): R;
  see(resource: R, world: W, more: Partial<O>): O;
  plan(resource: R, observed: NoInfer<O>): Plan<S>;
  perform(step: S, resource: R, world: W): W;
  describe(step: S): string;
}

export function planning<R, W, O, S extends Step, P>({ make, see, plan, perform, describe }: Kind<R, W, O, S, P>) {
  const planned = (spec: P, world: W, more: Partial<O>, metadata: object): Plan<S> => {
    const resource = make(spec, metadata);
    return plan(resource, see(resource, world, more));
  };
  return {
    /** What the loop does: plan, apply, look again, until nothing is left to do. Throws if it does not settle. */
    converge(resource: R, world: W, more: Partial<O> = {}): { world: W; plan: Plan<S> } {
      let now = world;
      for (let round = 0; round < 8; round += 1) {
        const found = plan(resource, see(resource, now, more));
        const steps = found.stages.flat();
        if (steps.length === 0) return { world: now, plan: found };
        for (const step of steps) now = perform(step, resource, now);
      }
      throw new Error('It does not settle');
    },
    /** The sentences of a plan, stage by stage. */
    sentences(spec: P, world: W, more: Partial<O> = {}, metadata: object = {}): string[][] {
      return planned(spec, world, more, metadata)
        .stages.filter((stage) => stage.length > 0)
        .map((stage) => stage.map(describe));
    },
    hold: (spec: P, world: W, more: Partial<O> = {}, metadata: object = {}) =>
      planned(spec, world, more, metadata).hold,
  };
}
