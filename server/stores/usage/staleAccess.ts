/**
 * Thrown if any key or access was revoked since the caller was authenticated. Nothing was recorded:
 * authenticate again, then retry.
 */
export class StaleAccessError extends Error {
  override readonly name = "StaleAccessError";

  constructor() {
    super("a key or an access was revoked since the caller was authenticated");
  }
}
