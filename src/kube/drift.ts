/**
 * What had drifted from what was in order, until it is in order again: putting it right may take more than one pass, and
 * is a repair in each. Kept in memory alone; after a restart of the operator the rest of a repair is told as any change.
 */
export interface Drifts {
  /** A look at the object `key`, which was in order at that generation, has found something else. */
  find(key: string, generation: number): void;
  isOpen(key: string, generation: number): boolean;
  /** Something of it was put right. True the first time. */
  repair(key: string): boolean;
  /** It is in order again, or gone. */
  close(key: string): void;
}

export function createDrifts(): Drifts {
  const open = new Map<string, { readonly generation: number; isRepaired: boolean }>();
  return {
    find: (key, generation) => void open.set(key, { generation, isRepaired: false }),
    isOpen: (key, generation) => open.get(key)?.generation === generation,
    repair(key) {
      const drift = open.get(key);
      if (drift === undefined || drift.isRepaired) return false;
      drift.isRepaired = true;
      return true;
    },
    close: (key) => void open.delete(key),
  };
}
