/** Where a host answers. */
export interface HostPlace {
  readonly address: string;
  readonly port?: number;
}

/** Whether two places may mean one machine: a port left out may be any. Two names of one address are not told apart here. */
export function isSamePlace(a: HostPlace, b: HostPlace): boolean {
  return keyOfPlace(a) === keyOfPlace(b) && (a.port === undefined || b.port === undefined || a.port === b.port);
}

/** Places with different keys are different; with the same one, `isSamePlace` tells. */
export function keyOfPlace({ address }: HostPlace): string {
  return address.toLowerCase();
}
