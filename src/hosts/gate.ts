/** Lets a bounded number through at once; the others wait in the order they came. */
export interface Gate {
  /** Dispose what it gives to let the next one in. Rejects with the signal's reason when it is aborted while waiting. */
  enter(signal: AbortSignal): Promise<Disposable>;
}

export function createGate(width: number): Gate {
  const waiting: (() => void)[] = [];
  let free = width;
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) {
      free += 1;
    } else {
      next();
    }
  };
  const permit = (): Disposable => {
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (!left) {
          left = true;
          leave();
        }
      },
    };
  };
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return permit();
      }
      await new Promise<void>((resolve, reject) => {
        const onTurn = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = () => {
          waiting.splice(waiting.indexOf(onTurn), 1);
          reject(signal.reason);
        };
        waiting.push(onTurn);
        signal.addEventListener('abort', onAbort, { once: true });
      });
      return permit();
    },
  };
}
