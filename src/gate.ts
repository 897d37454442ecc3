/** Lets so many through at a time; the others wait in the order in which they came. */
export interface Gate {
  /** Resolves to a place, given back by disposing of it. Rejects with the signal's reason when it aborts first. */
  enter(signal: AbortSignal): Promise<Disposable>;
}

export function createGate(places: number): Gate {
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
        // The place goes from hand to hand, so that nobody who comes meanwhile gets ahead.
        const take = () => {
          queue.delete(take);
          signal.removeEventListener('abort', giveUp);
          resolve(place());
        };
        const giveUp = () => {
          queue.delete(take);
          reject(signal.reason);
        };
        queue.add(take);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
