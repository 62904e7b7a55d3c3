/** Values of `exampleBody`: valid in form, and of nobody. */
export const EXAMPLE = {
  address: `0x${"11".repeat(20)}`,
  bytes32: `0x${"22".repeat(32)}`,
  signature: `0x${"33".repeat(65)}`,
  /** milliseconds since 1970 */
  signedAt: "1767225600000",
} as const;
