/** A call to the API server that failed: refused by it, or never answered. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** The HTTP status; 0 when no answer came. */
  readonly code: number;
  /** The API server's word: `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Expired`; `Unreachable` when no answer came. */
  readonly reason: string;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: { code: number; reason: string; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The object was changed by somebody else since it was read; read again and repeat. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'AlreadyExists';
}

/** Another object bears the name now than the one whose uid was given; or none does. */
export function isReplaced(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return isConflict(error) || (error.code === 422 && error.message.includes('metadata.uid'));
}

/** The object may not be as it was given: a rule of its schema, or somebody's admission policy, is against it. */
export function isRefused(error: unknown): error is KubeError {
  return error instanceof KubeError && error.code === 422 && !isReplaced(error);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.code === 404;
}

/** The resource version is too old to go on from: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && error.code === 410;
}

/** A fault of the program, as against an answer of the world. */
export function isFault(error: unknown): boolean {
  return (
    !(error instanceof KubeError) &&
    (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
  );
}
