/** Lets so many through at a time; the others queue in the order in which they came. */
export interface Lane {
  /** Resolves to a place, given back by disposing of it. Rejects when the signal aborts first. */
  enter(signal: AbortSignal): Promise<Disposable>;
}

export function createLane(places: number): Lane {
  let free = places;
  const queue = new Set<() => void>();

  const leave = () => {
    const [next] = queue;
    if (next === undefined) free += 1;
    else next();
  };
  const place = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]() {
        if (held) leave();
        held = false;
      },
    };
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return place();
      }
      return new Promise<Disposable>((resolve, reject) => {
        const take = () => {
          queue.delete(take);
          signal.removeEventListener('abort', give);
          resolve(place());
        };
        const give = () => {
          queue.delete(take);
          reject(signal.reason);
        };
        queue.add(take);
        signal.addEventListener('abort', give, { once: true });
      });
    },
  };
}
