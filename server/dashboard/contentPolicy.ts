/** What a worker of the dashboard may: ask this server, and hash with the tree's keccak. */
export const WORKER_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
  "frame-ancestors 'none'";

/**
 * What the dashboard may load: this server's own scripts and styles, nothing inline, and no frame
 * around it but those that the operator names. It may ask this server and the chain's endpoints that the operator names. WebAssembly is the
 * tree's keccak. Trusted Types refuse any text that would become a script; the one policy that they
 * allow is for the URLs of workers.
 */
export function contentPolicy({
  rpcUrls,
  frames,
}: {
  readonly rpcUrls: readonly string[];
  readonly frames: readonly string[];
}): string {
  const origins = new Set(rpcUrls.map((url) => new URL(url).origin));
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${["'self'", ...origins].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frames.length === 0 ? "'none'" : frames.join(" ")}`,
    "require-trusted-types-for 'script'",
    "trusted-types compute-credits",
  ].join("; ");
}
