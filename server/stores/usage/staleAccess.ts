/**
 * Thrown where somebody's access was taken back since the caller's was looked at. Nothing was done; whoever looks again and
 * still finds access may try again.
 */
export class AccessMayBeOver extends Error {
  override readonly name = "AccessMayBeOver";

  constructor() {
    super("access was taken back from somebody in the meantime");
  }
}
