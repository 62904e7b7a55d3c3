import { expect } from "chai";
import { type Address, erc20Abi } from "viem";

import {
  readDeposits,
  sweepDeposit,
  withdrawDeposit,
} from "@compute-credits/client/chain/deposits";
import { depositAddressesAbi } from "@compute-credits/protocol/abi/depositAddresses";
import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { deployContract } from "../../../scripts/local/deployLocal.ts";
import { mintDollars } from "../../../scripts/local/mintDollars.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice, bob, provider } = wallets;
const account = alice.account.address;
const DOLLAR = 1_000_000n;

describe("deposit addresses", () => {
  let local: LocalContract;
  let depositAddresses: Address;

  before(async () => {
    local = await startContract();
    depositAddresses = await deployContract(local.rpcUrl, "DepositAddresses", [local.contract]);
  });
  after(() => local.stop());

  const connection = () => ({ client: local.client, depositAddresses });
  const as = (wallet: typeof alice) => ({ ...connection(), wallet: local.as(wallet).wallet });
  const arrive = (to: Address, tokenAmount: bigint) =>
    mintDollars(local.as(bob), { token: local.token, by: bob.account, to, tokenAmount });

  it("are computed without a chain as the contract says them", async () => {
    for (const { account: wallet } of Object.values(wallets)) {
      // oxlint-disable-next-line no-await-in-loop -- a few, one after the other
      const said = await local.client.readContract({
        address: depositAddresses,
        abi: depositAddressesAbi,
        functionName: "depositAddressOf",
        args: [wallet.address],
      });
      expect(depositAddressOf(depositAddresses, wallet.address)).to.equal(lowercaseHex(said));
    }
  });

  it("give their account credits when a stranger sweeps, and say before what it will be", async () => {
    await arrive(depositAddressOf(depositAddresses, account), 3n * DOLLAR);
    const [waiting] = await readDeposits(connection(), [account]);
    expect(waiting).to.include({ deployed: false, tokenAmount: 3n * DOLLAR });
    expect(waiting?.creditMicros).to.equal(300_000_000n);
    const { creditMicros } = await sweepDeposit(as(provider), account);
    expect(creditMicros).to.equal(300_000_000n);
    const [swept] = await readDeposits(connection(), [account]);
    expect(swept).to.include({ deployed: true, tokenAmount: 0n, creditMicros: 0n });
  });

  it("say what to do if there is nothing to sweep", async () => {
    const error: unknown = await sweepDeposit(as(provider), bob.account.address).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({ reason: "contract_reverted" });
    expect(String(error)).to.include("NothingToSweep");
  });

  it("give tokens back to their own account", async () => {
    const own = depositAddressOf(depositAddresses, provider.account.address);
    await arrive(own, 2n * DOLLAR);
    const to = bob.account.address;
    const before = await local.dollarsOf(to);
    const first = await withdrawDeposit(as(provider), { token: local.token, to, amount: 1n });
    const rest = await withdrawDeposit(as(provider), { token: local.token, to });
    expect([first.amount, rest.amount]).to.deep.equal([1n, 2n * DOLLAR - 1n]);
    expect((await local.dollarsOf(to)) - before).to.equal(2n * DOLLAR);
    const left = await local.client.readContract({
      address: local.token,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [own],
    });
    expect(left).to.equal(0n);
  });
});
