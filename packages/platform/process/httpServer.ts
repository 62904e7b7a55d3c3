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

/** Stops listening. Resolves when the requests under way have been answered. */
export async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  await promise;
}
