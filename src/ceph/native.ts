import koffi from 'koffi';

/*
 * With librados.ts and librbd.ts the only files that touch foreign memory. A wrong pointer ends the process:
 * so pointers are only handed on, never computed, and all of this runs in a child process of its own.
 */

/** An address in the library's memory. */
export type Pointer = bigint;

/** A function of a library. A negative result is an errno. */
export interface Foreign {
  /** Runs on one of libuv's threads: the event loop goes on. */
  (...args: readonly unknown[]): Promise<number>;
  /** Runs here and now: only for what never waits. */
  now<T = number>(...args: readonly unknown[]): T;
}

/** Loads a shared library by its name and gives what declares its functions. Throws when something it needs is missing. */
export function loadLibrary(name: string): (declaration: string) => Foreign {
  const library = koffi.load(name);
  return (declaration) => {
    const called = library.func(declaration);
    const foreign = (...args: readonly unknown[]) =>
      new Promise<number>((resolve, reject) => {
        called.async(...args, (error: unknown, result: number) => (error ? reject(error) : resolve(result)));
      });
    return Object.assign(foreign, { now: <T>(...args: readonly unknown[]): T => called(...args) });
  };
}

/** A place that a function writes one value to. */
export type Slot<T> = [T | null];

export function slot<T>(initial: T | null = null): Slot<T> {
  return [initial];
}

/** What was written; throws if nothing was, which only a wrong declaration can cause. */
export function written<T>(place: Slot<T>): T {
  const [value] = place;
  if (value === null) throw new Error('A library call wrote nothing where it should have');
  return value;
}

/** Copies text of a known length out of the library's memory. */
export function copyText(pointer: Pointer | null, length: number | bigint): string {
  return pointer === null || Number(length) === 0 ? '' : koffi.decode.string(pointer, Number(length));
}

/** Memory that a library fills, until disposed of. */
export interface Memory extends Disposable {
  readonly pointer: Pointer;
}

export function allocate(type: string, count: number): Memory {
  const pointer: Pointer = koffi.alloc(type, Math.max(count, 1));
  return { pointer, [Symbol.dispose]: () => koffi.free(pointer) };
}

/** Reads `count` values of a type that lie one after the other. */
export function copyArray<T>(pointer: Pointer, type: string, count: number): T[] {
  return count === 0 ? [] : koffi.decode(pointer, koffi.array(type, count));
}

export function declareStruct(name: string, members: Readonly<Record<string, string>>): void {
  koffi.struct(name, members);
}
