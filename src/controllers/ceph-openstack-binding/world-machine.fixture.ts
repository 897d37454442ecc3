/** What a host is like beyond its object. */
export interface Machine {
  power: 'on' | 'off';
  release: string;
  /** Its services do not come back from a switch to this revision. */
  breaksAt?: string;
  /** It does not answer any more once it is told to switch to this revision. */
  diesAt?: string;
  /** With this revision its services run and never report to OpenStack. */
  silentAt?: string;
}
