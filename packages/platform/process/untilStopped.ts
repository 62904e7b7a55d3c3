import type { Logger } from "pino";

/**
 * Waits for SIGINT or SIGTERM, or until the server fails, and then stops the server.
 * Rejects with the server's failure.
 */
export async function untilStopped(
  server: { readonly failed: Promise<never>; stop(): Promise<void> },
  log: Logger,
): Promise<void> {
  const { promise: signalled, resolve } = Promise.withResolvers<NodeJS.Signals>();
  process.once("SIGINT", resolve);
  process.once("SIGTERM", resolve);
  try {
    log.info({ signal: await Promise.race([signalled, server.failed]) }, "stopping");
  } finally {
    await server.stop();
  }
}
