/** A command on a host that did not succeed: the cause of a failed step. It names the work, never its arguments. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: number;
  /** Its last lines, at most 12, without control characters. */
  readonly outputTail: string;

  constructor(what: string, options: { exitCode: number; outputTail: string }) {
    super(what);
    this.exitCode = options.exitCode;
    this.outputTail = options.outputTail;
  }
}
