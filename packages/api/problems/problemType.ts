/** The `type` of a problem document (RFC 9457), which its `reason` tells. */
export function problemType(reason: string): string {
  return `urn:compute-credits:problem:${reason}`;
}
