import { type Hex, bytesToHex } from "viem";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";

/** Hardhat's public test phrase: every chain on loopback gives its wallets ether; anywhere else they are worth nothing. */
const TEST_MNEMONIC = "test test test test test test test test test test test junk";

export interface TestWallet {
  readonly account: HDAccount;
  readonly privateKey: Hex;
}

function testWallet(addressIndex: number): TestWallet {
  const account = mnemonicToAccount(TEST_MNEMONIC, { addressIndex });
  const { privateKey } = account.getHdKey();
  if (privateKey === null) throw new Error("a wallet of a phrase has a key");
  return { account, privateKey: bytesToHex(privateKey) };
}

/** Who is who on a local chain. */
export const wallets = {
  /** deploys, owns, and pays the gas of checkpoints */
  operator: testWallet(0),
  /** signs checkpoints */
  signer: testWallet(1),
  provider: testWallet(2),
  alice: testWallet(3),
  bob: testWallet(4),
  /** co-sign checkpoints, where a test or the demo lets them */
  auditor: testWallet(5),
  secondAuditor: testWallet(6),
} as const;
