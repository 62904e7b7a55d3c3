import type { Logger } from "pino";

import type { RunningServer } from "./serve.ts";

/** Waits for SIGINT or SIGTERM, or for the server to fail, then stops it. Rejects with what it failed of. */
export async function untilStopped(
  server: Pick<RunningServer, "failed" | "stop">,
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
