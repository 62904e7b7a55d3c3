import type { Logger } from "pino";

/** Waits for SIGINT or SIGTERM, or for the server to fail, then stops it. Rejects with what it failed of. */
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
