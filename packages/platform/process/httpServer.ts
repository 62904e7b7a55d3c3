import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { ConfigError } from "./environment.ts";

export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (cause: NodeJS.ErrnoException) => {
    reject(
      cause.code === "EADDRINUSE"
        ? new ConfigError(
            `PORT ${port} on ${host} is taken by another program: stop it, or set PORT to another`,
            { cause },
          )
        : cause,
    );
  });
  server.listen(port, host, () => {
    const address: AddressInfo | string | null = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : port);
  });
  return await promise;
}

export async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  await promise;
}
