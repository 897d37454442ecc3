/** Gathers what is said within one turn of the event loop, and sends it together. */
export function createOutbox<T>(send: (messages: readonly T[]) => void): (message: T) => void {
  let waiting: T[] = [];
  return (message) => {
    if (waiting.length === 0) {
      setImmediate(() => {
        const messages = waiting;
        waiting = [];
        send(messages);
      });
    }
    waiting.push(message);
  };
}
