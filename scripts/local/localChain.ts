import { fileURLToPath } from "node:url";

import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import { HARDHAT_CHAIN } from "./hardhatChain.ts";

export interface LocalChain {
  readonly rpcUrl: string;
  stop(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts a Hardhat chain in this process, on loopback. Port 0 takes any that is free. It mines a
 * block per transaction, and with `blockMilliseconds` above 0 also one each so often.
 * The chain does without the project's configuration: its plugins take a second to load, and its
 * artifacts two, only to name functions in Solidity stack traces.
 */
export async function startLocalChain(port: number, blockMilliseconds = 0): Promise<LocalChain> {
  const { network } = await createHardhatRuntimeEnvironment(
    {
      paths: { artifacts: "cache/no-artifacts" },
      networks: {
        node: {
          type: "edr-simulated",
          chainId: HARDHAT_CHAIN.id,
          mining: { auto: true, interval: blockMilliseconds },
        },
      },
    },
    {},
    PROJECT,
  );
  const server = await network.createServer(
    // Without it the chain's clock begins when Hardhat was loaded, and stays behind.
    { network: "node", override: { initialDate: new Date() } },
    "127.0.0.1",
    port,
  );
  const { address, port: listeningPort } = await server.listen();
  return { rpcUrl: `http://${address}:${listeningPort}`, stop: () => server.close() };
}
