import { createServer } from "node:net";

import { network, tasks } from "hardhat";

/** A port that something else listens on. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
}

export interface LocalChain {
  readonly rpcUrl: string;
  stop(): Promise<void>;
}

/** Builds the contracts, where they changed. */
export async function buildContracts(): Promise<void> {
  await tasks.getTask("build").run({ quiet: true, noTests: true });
}

/** Starts a Hardhat chain in this process, on loopback. Port 0 takes any that is free. */
export async function startLocalChain(port: number): Promise<LocalChain> {
  await checkPort(port);
  const server = await network.createServer(
    // Else its clock begins when Hardhat was loaded, and stays behind by as long as the build took.
    { network: "node", override: { initialDate: new Date() } },
    "127.0.0.1",
    port,
  );
  const { address, port: listeningPort } = await server.listen();
  return { rpcUrl: `http://${address}:${listeningPort}`, stop: () => server.close() };
}

/** Throws a `PortTaken` that says what to do. */
export async function checkPort(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createServer();
  probe.once("error", (cause) =>
    reject(
      new PortTaken(
        `port ${port} on 127.0.0.1 is taken by another program: stop it, or choose another port (--help)`,
        { cause },
      ),
    ),
  );
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  await promise;
}
