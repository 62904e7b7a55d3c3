/** The gateway refuses a request, or could not have it served. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly status: number;
  /** stable, in snake_case */
  readonly reason: string;
  readonly param: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    reason: string,
    message: string,
    {
      param = null,
      retryAfterSeconds = null,
      cause,
    }: {
      readonly param?: string | null;
      readonly retryAfterSeconds?: number | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.status = status;
    this.reason = reason;
    this.param = param;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
