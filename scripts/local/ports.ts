import { once } from "node:events";
import { createServer } from "node:net";

/** Where `npm start` listens unless it is told otherwise, and where `npm run credits` looks. */
export const DEFAULT_PORTS = { server: 8080, rpc: 8545 };

/** A port on 127.0.0.1, and the option that chooses it. 0 takes any that is free. */
export interface AskedPort {
  readonly port: number;
  readonly option: string;
}

/** Tries to listen on each port. Returns one sentence for each port that cannot be used. */
export async function portMistakes(asked: readonly AskedPort[]): Promise<readonly string[]> {
  const mistakes = await Promise.all(asked.map(portMistake));
  return mistakes.filter((mistake) => mistake !== null);
}

async function portMistake({ port, option }: AskedPort): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const probe = createServer();
  probe.once("error", (error: NodeJS.ErrnoException) => {
    resolve(
      error.code === "EADDRINUSE"
        ? `Port ${port} on 127.0.0.1 is taken by another program. Stop it, or choose another with ${option}.`
        : `Port ${port} on 127.0.0.1 cannot be used (${error.message}). Choose another with ${option}.`,
    );
  });
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(null)));
  return await promise;
}

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
