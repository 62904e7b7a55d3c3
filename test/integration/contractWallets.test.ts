import { expect } from "chai";
import { type Hex, concat } from "viem";

import { createCourt } from "@compute-credits/client/chain/court";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import type { Settler } from "../../server/workers/settlement/settler.ts";
import { MOODS, type ContractWallet, openContractWallet } from "../fixtures/contractWallet.ts";
import { expectProblem } from "../fixtures/http.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";
import { type Settling, startSettling } from "../fixtures/settling.ts";

const { bob } = wallets;

const WINDOWS = {
  disputeWindowSeconds: 200,
  answerWindowSeconds: 200,
  refundWindowSeconds: 1_260,
  exitGraceSeconds: 1_200,
  counterGraceSeconds: 6_000,
  signerDelaySeconds: 2_920,
};

describe("contract wallets", () => {
  let stack: Settling;
  let settler: Settler;

  before(async () => {
    stack = await startSettling("PostgreSQL", { terms: WINDOWS });
    settler = await stack.newSettler();
  });
  after(() => stack.stop());

  /** With its key, the spender accepts the account. */
  const post = ({
    key,
    allowance,
    signature,
  }: {
    key: string;
    allowance: object;
    signature: Hex;
  }) => stack.request("/v1/allowances", { key, body: { allowance, signature } });
  const shown = async (id: unknown) =>
    (await stack.readAll(`/v1/allowances/${String(id)}`)).document;
  const use = (spender: Hex) =>
    stack.request("/v1/usage", { key: stack.providerKey, body: cloudEvent(spender) });
  const hold = (spender: Hex) =>
    stack.request("/v1/holds", {
      key: stack.providerKey,
      body: { id: crypto.randomUUID(), spender, meter: "requests", quantity: 1, ttlSeconds: 60 },
    });
  const untilCounted = (wallet: ContractWallet, cap: bigint) =>
    eventually(
      "the recorded cap in the ledger",
      async () => (await stack.accounts.balance(wallet.address)).recordedCap === cap,
    );

  it("spend what is on record, disown, challenge, and are answered", async () => {
    const wallet = await openContractWallet(stack, 1_000_000n);
    const signed = await wallet.sign(900_000n);
    const { status, document } = await post(signed);
    expect(status).to.equal(201);
    expect(document).to.include({ capRecorded: "waiting_for_cap", recordedCapMicros: "0" });

    // Nothing is charged or held before the cap is on record and confirmed.
    expectProblem(await use(signed.spender), 402, "cap_not_recorded");
    expectProblem(await hold(signed.spender), 402, "cap_not_recorded");
    expect(await stack.accounts.balance(wallet.address)).to.include({ spent: 0n, held: 0n });

    // The settler records what is worth it.
    await settler.step();
    expect(await wallet.recordedCap()).to.equal(900_000n);
    await untilCounted(wallet, 900_000n);
    expect(await shown(Object(document).id)).to.include({
      capRecorded: "recorded",
      recordedCapMicros: "900000",
    });
    expect((await use(signed.spender)).status).to.equal(201);

    await wallet.setMood("disowning");
    const pending = await stack.untilOnChain(settler, 1n);
    const [proven] = await stack.checkpoints.proofs(pending.id, [wallet.address]);
    if (proven === undefined) throw new Error("the wallet has no row");
    await (await createCourt(stack.as(bob))).challengeRow(proven);
    const open = () => stack.context.disputes.openChallenges(pending.id, 10);
    await eventually("the challenge in the ledger", async () => (await open()).length === 1);
    await eventually("the answer in the ledger", async () => {
      await settler.step();
      return (await open()).length === 0;
    });
    await stack.untilFinal(1n);
  });

  it("spend no more than the cap on record, which a higher one replaces", async () => {
    const wallet = await openContractWallet(stack, 1_000_000n);
    const low = await wallet.sign(1n);
    const high = await wallet.sign(1_000_000n);
    await post(low);
    const { document } = await post(high);
    await wallet.record(low);
    await untilCounted(wallet, 1n);
    expect(await shown(Object(document).id)).to.include({
      capRecorded: "waiting_for_cap",
      recordedCapMicros: "1",
    });
    expectProblem(await use(high.spender), 402, "cap_not_recorded");
    await wallet.record(high);
    await untilCounted(wallet, 1_000_000n);
    expect((await use(high.spender)).status).to.equal(201);
    // A lower cap emits no event, and what is on record covers it.
    expectProblem(await use(low.spender), 402, "account_cap_reached");
  });

  it("are not paid for if the recording frees too few credits", async () => {
    const wallet = await openContractWallet(stack, 499_999n);
    const signed = await wallet.sign(1_000_000n);
    await post(signed);
    await settler.step();
    expect(await wallet.recordedCap()).to.equal(0n);
    const generous = await stack.newSettler(undefined, { RECORD_WORTH_MICROS: "499999" });
    await generous.step();
    expect(await wallet.recordedCap()).to.equal(1_000_000n);
  });

  it("hold up no other wallet if they disown what they signed", async () => {
    const junk: ContractWallet[] = [];
    for (let n = 0; n < 7; n++) {
      // oxlint-disable no-await-in-loop -- one key sends one transaction after another
      const wallet = await openContractWallet(stack, 3_000_000n);
      await post(await wallet.sign(3_000_000n));
      await wallet.setMood("disowning");
      junk.push(wallet);
      // oxlint-enable no-await-in-loop
    }
    const honest = await openContractWallet(stack, 1_000_000n);
    await post(await honest.sign(1_000_000n));
    // Five a step: the junk, worth more, is tried in the first two.
    await settler.step();
    await settler.step();
    expect(await honest.recordedCap()).to.equal(1_000_000n);
    expect(await Promise.all(junk.map((wallet) => wallet.recordedCap()))).to.deep.equal(
      junk.map(() => 0n),
    );
  });

  for (const mood of MOODS.filter((each) => each !== "honest")) {
    it(`have not signed if they are ${mood}`, async () => {
      const wallet = await openContractWallet(stack, 1n);
      const signed = await wallet.sign(1n);
      await wallet.setMood(mood);
      const answer = await post(signed);
      expectProblem(answer, 403, "invalid_signature");
      expect(Object(answer.document).detail).to.include("does not accept the signature");
    });
  }

  it("sign with their key if they have delegated to code (EIP-7702)", async () => {
    const delegate = await openContractWallet(stack, 1n);
    const account = addressOf(bob);
    await stack.chain.setCode({
      address: account,
      bytecode: concat(["0xef0100", delegate.address]),
    });
    await stack.buyAndWait(bob, 1n);
    const key = createApiKey();
    const { allowance, signature } = await stack.sign(bob, {
      spender: apiKeySpender(key),
      accountCapMicros: 5n,
    });
    const byCode = await post({ key, allowance, signature: concat([signature, "0x00"]) });
    expectProblem(byCode, 403, "invalid_signature");
    expect(Object(byCode.document).detail).to.include("sign with the account's key");
    const byKey = await post({ key, allowance, signature });
    expect(byKey.document).to.include({ capRecorded: "not_needed", recordedCapMicros: null });
    expect(lowercaseHex(allowance.account)).to.equal(account);
  });
});
