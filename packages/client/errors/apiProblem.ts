import { CreditsError } from "./creditsError.ts";
import { shortageOf } from "./shortage.ts";

/** A metering server's refusal: an RFC 9457 problem. */
export class ApiProblem extends CreditsError {
  override readonly name = "ApiProblem";
  declare readonly status: number;
  /** the whole problem document */
  readonly document: Readonly<Record<string, unknown>>;

  /** `retryAfterMs` comes from the header `Retry-After`. */
  constructor(
    status: number,
    document: Readonly<Record<string, unknown>>,
    { retryAfterMs }: { readonly retryAfterMs?: number } = {},
  ) {
    const reason = String(document["reason"]);
    super(`${status} ${reason}: ${String(document["detail"])}`, {
      reason,
      status,
      shortage: shortageOf({ ...document, status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.document = document;
  }
}
