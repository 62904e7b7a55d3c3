import type { Server } from "node:http";

import { ConfigError } from "./environment.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port */
  readonly port: number;
  /** the setting that holds the port, which the error names if the port is taken */
  readonly portSetting: string;
}

/** Resolves with the server's URL once it listens. Throws a `ConfigError` if the port is taken. */
export async function listen(
  server: Server,
  { host, port, portSetting }: ListenOptions,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause: NodeJS.ErrnoException) => {
    const taken =
      `${portSetting} ${port} on ${host} is taken by another program: ` +
      `stop it, or set ${portSetting} to another`;
    reject(cause.code === "EADDRINUSE" ? new ConfigError(taken, { cause }) : cause);
  });
  server.listen(port, host, resolve);
  await promise;
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${listening}`;
}

/**
 * Stops listening. Resolves when the requests under way have been answered. Cuts the connections of
 * those that have not after `withinMs`: a client that sent half of a request would wait for ever.
 */
export async function close(server: Server, withinMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // A connection that is kept alive becomes idle once its request is answered.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), withinMs);
  await promise;
  clearInterval(sweep);
  clearTimeout(cut);
}

const SWEEP_MS = 50;
