import { expect } from "chai";
import { erc20Abi } from "viem";

import { buyCredits } from "@compute-credits/client/chain/credits";
import { senderOf } from "@compute-credits/client/chain/transact";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice } = wallets;
const account = alice.account.address;

describe("buyCredits with a token whose allowance must be zero before it changes", () => {
  let local: LocalContract;
  before(async () => {
    local = await startContract("ResetFirstToken");
  });
  after(() => local.stop());

  async function approve(tokenAmount: bigint): Promise<void> {
    const { wallet, client } = local.as(alice);
    const hash = await wallet.writeContract({
      ...senderOf(wallet),
      address: local.token,
      abi: erc20Abi,
      functionName: "approve",
      args: [local.contract, tokenAmount],
    });
    const { status } = await client.waitForTransactionReceipt({ hash });
    expect(status).to.equal("success");
  }

  async function purchased(): Promise<bigint> {
    const [micros] = await local.client.readContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "party",
      args: [account],
    });
    return micros;
  }

  async function approved(): Promise<bigint> {
    return await local.client.readContract({
      address: local.token,
      abi: erc20Abi,
      functionName: "allowance",
      args: [account, local.contract],
    });
  }

  it("buys", async () => {
    await local.buy(alice, parseCredits("100"));
    expect([await purchased(), await approved()]).to.deep.equal([parseCredits("100"), 0n]);
  });

  it("buys after a purchase that failed behind its approval", async () => {
    await approve(7n);
    await local.buy(alice, parseCredits("100"));
    expect([await purchased(), await approved()]).to.deep.equal([parseCredits("200"), 0n]);
  });

  it("spends an approval that is high enough", async () => {
    await approve(parseCredits("3"));
    const { tokenAmount } = await buyCredits(local.as(alice), {
      account,
      creditMicros: parseCredits("100"),
    });
    expect(await purchased()).to.equal(parseCredits("300"));
    expect(await approved()).to.equal(parseCredits("3") - tokenAmount);
  });
});
