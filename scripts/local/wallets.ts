import type { Hex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

export interface TestWallet {
  readonly account: PrivateKeyAccount;
  readonly privateKey: Hex;
}

/**
 * The first wallets of Hardhat's public test phrase ("test test … junk"), which have ether on its
 * chain. Everybody knows the keys. They are written out because deriving them takes 0.2 s.
 */
export const wallets = {
  /** deploys, owns, and pays the gas of checkpoints */
  operator: testWallet("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
  /** signs checkpoints */
  signer: testWallet("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
  provider: testWallet("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
  alice: testWallet("0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
  bob: testWallet("0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
  /** co-sign checkpoints in tests and in the demo */
  auditor: testWallet("0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
  secondAuditor: testWallet("0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
} as const;

/** Wallets of the local server's workers, from the same phrase. */
export const workerWallets = {
  /** pays for sweeps of deposit addresses */
  sweeper: testWallet("0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
  /** tops accounts up */
  keeper: testWallet("0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
} as const;

function testWallet(privateKey: Hex): TestWallet {
  return { account: privateKeyToAccount(privateKey), privateKey };
}
