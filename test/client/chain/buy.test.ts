import { expect } from "chai";
import { erc20Abi } from "viem";

import { buy } from "@compute-credits/client/chain/buy";
import { type Payment, planPurchase } from "@compute-credits/client/chain/planPurchase";
import { senderOf } from "@compute-credits/client/chain/transact";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { mintDollars } from "../../../scripts/local/mintDollars.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice, bob } = wallets;
const buyer = alice.account.address;
const gifted = bob.account.address;
const creditMicros = parseCredits("100");

/** Alice's transactions: the mint, and those of the purchase. */
const after = (transactions: number) => ({
  micros: creditMicros,
  approved: 0n,
  transactions: transactions + 1,
});

describe("buy", () => {
  let local: LocalContract;
  afterEach(() => local.stop());

  async function start(token: "TestDollar" | "ResetFirstToken"): Promise<void> {
    local = await startContract(token);
    const by = alice.account;
    const tokenAmount = creditMicros;
    await mintDollars(local.as(alice), { token: local.token, by, to: buyer, tokenAmount });
  }

  /** Buys for bob with alice's tokens: how it was paid, what bob has, and what stays approved. */
  async function bought(by?: Payment) {
    const options = { account: gifted, creditMicros, ...(by === undefined ? {} : { by }) };
    const paid = await buy(local.as(alice), options);
    const [micros] = await local.client.readContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "party",
      args: [gifted],
    });
    const approved = await local.client.readContract({
      address: local.token,
      abi: erc20Abi,
      functionName: "allowance",
      args: [buyer, local.contract],
    });
    const transactions = await local.client.getTransactionCount({ address: buyer });
    return { by: paid.by, micros, approved, transactions };
  }

  it("with a token that has ERC-3009: pays by an authorization, in one transaction", async () => {
    await start("TestDollar");
    expect(await bought()).to.deep.equal({ by: "authorization", ...after(1) });
  });

  it("with a permit, if that is asked for: pays in one transaction", async () => {
    await start("TestDollar");
    expect(await bought("permit")).to.deep.equal({ by: "permit", ...after(1) });
  });

  it("with a token that has neither: approves the price, and buys", async () => {
    await start("ResetFirstToken");
    expect(await bought()).to.deep.equal({ by: "approval", ...after(2) });
  });

  it("with too few tokens: says so, and what to do, with nothing paid", async () => {
    await start("TestDollar");
    const failure = await buy(local.as(bob), { account: gifted, creditMicros }).catch(
      (error: unknown) => error,
    );
    expect(failure).to.include({
      reason: "contract_reverted",
      next: "Get more of the token, or buy fewer credits.",
    });
    expect(failure).to.have.nested.property("revert.name", "ERC20InsufficientBalance");
  });

  it("plans before the wallet is asked: the price, what the payer has, how and why", async () => {
    const by = "approval";
    const plan = async () => {
      const on = { client: local.client, contract: local.contract };
      const { token, ...rest } = await planPurchase(on, { payer: buyer, creditMicros });
      expect(token).to.equal(local.token);
      return rest;
    };
    const price = { tokenAmount: 1_000_000n, balance: creditMicros, approved: 0n };
    await start("TestDollar");
    const because = "token_has_authorizations";
    expect(await plan()).to.deep.equal({ ...price, by: "authorization", because });
    await local.as(alice).wallet.writeContract({
      ...senderOf(local.as(alice).wallet),
      address: local.token,
      abi: erc20Abi,
      functionName: "approve",
      args: [local.contract, creditMicros],
    });
    const approved = { ...price, approved: creditMicros, by };
    expect(await plan()).to.deep.equal({ ...approved, because: "approved_already" });
    await local.stop();
    await start("ResetFirstToken");
    expect(await plan()).to.deep.equal({ ...price, by, because: "token_has_neither" });
  });
});
