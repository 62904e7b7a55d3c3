/**
 * Thrown where somebody's access was taken back since the caller's was looked at. Nothing was done; whoever looks again and
 * still finds access may try again.
 */
export class StaleAccessError extends Error {
  override readonly name = "StaleAccessError";

  constructor() {
    super("access was taken back from somebody in the meantime");
  }
}
