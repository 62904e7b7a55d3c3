import { expect } from "chai";
import { type Address, type Hex, getContractAddress } from "viem";

import {
  type CheckpointMessage,
  checkpointTypedData,
} from "@compute-credits/protocol/messages/checkpoint";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { eventually } from "../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS, deployContract } from "../../scripts/local/deployLocal.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { expectProblem } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const { alice, bob, provider, signer, operator } = wallets;

/** The address of the operator's fifth contract, after those that the local chain begins with. */
const CONTRACT_WALLET = lowercaseHex(
  getContractAddress({ from: operator.account.address, nonce: 4n }),
);
const ROOT_OF_OTHERS: Hex = `0x${"11".repeat(32)}`;

for (const kind of stackKinds) {
  describe(`co-signing on ${kind} with two of three signers`, () => {
    let stack: MeteredStack;
    let prepared: CheckpointMessage;
    let key: string;

    before(async () => {
      const signers = ascending([addressOf(signer), addressOf(bob), CONTRACT_WALLET]);
      stack = await startMeteredStack(kind, {
        terms: { signers, threshold: 2 },
        environment: { SIGNATURE_ALARM_SECONDS: "1" },
      });
      await deployContract(stack.rpcUrl, "TestWallet", [provider.account.address]);
      key = await stack.registerProvider(provider);
      await stack.buyAndWait(alice, 1_000_000n);
      const { allowance, scope, signature } = await stack.sign(alice, { spender: SPENDER });
      await stack.postAccepted({ allowance, scope, signature });
      await stack.context.providers.grantAccess({
        spender: allowance.spender,
        provider: addressOf(provider),
      });
      prepared = await useUntilPrepared(1n);
    });
    after(() => stack.stop());

    async function useUntilPrepared(epoch: bigint): Promise<CheckpointMessage> {
      const { status } = await stack.request("/v1/usage", { key, body: cloudEvent(SPENDER) });
      expect(status).to.equal(201);
      return await eventually("a prepared checkpoint", async () => {
        const checkpoint = await stack.context.checkpoints.byEpoch(epoch);
        return checkpoint?.message;
      });
    }

    async function untilOnChain(epoch: bigint) {
      return await eventually("the checkpoint on chain", async () => {
        const checkpoint = await stack.context.checkpoints.byEpoch(epoch);
        return checkpoint?.finalAt == null ? null : checkpoint;
      });
    }

    const post = (body: object, epoch = 1n) =>
      stack.request(`/v1/checkpoints/${epoch}/signatures`, { body });

    const signedBy = async (wallet: TestWallet, message: CheckpointMessage = prepared) => ({
      root: message.root,
      signer: addressOf(wallet),
      signature: await wallet.account.signTypedData(checkpointTypedData(stack.deployment, message)),
    });

    it("publishes the prepared checkpoint without the meter's signature and submits nothing", async () => {
      const { document } = await stack.request("/v1/checkpoints/1");
      expect(document).to.include({ status: "prepared", transactionHash: null });
      expect(document["signatures"]).to.deep.equal([]);
      expect(await stack.context.chain.latestEpoch()).to.equal(0n);
    });

    it("warns in /readyz, which stays ready, that the checkpoint waits for signatures", async () => {
      const warned = await eventually("the warning", async () => {
        const answer = await stack.request("/readyz");
        return JSON.stringify(answer.document).includes('"name":"signatures"') ? answer : null;
      });
      expect(warned.status).to.equal(200);
      expect(JSON.stringify(warned.document)).to.include("epoch 1 has waited");
    });

    it("refuses anything but a signer's signature of this checkpoint", async () => {
      const good = await signedBy(bob);
      expectProblem(await post(good, 2n), 404, "checkpoint_not_found");
      expectProblem(await post({ ...good, root: ROOT_OF_OTHERS }), 409, "root_mismatch");
      expectProblem(await post(await signedBy(alice)), 403, "not_a_signer");
      const otherMessage = { ...prepared, spent: prepared.spent + 1n };
      for (const wrong of [
        { ...good, signer: CONTRACT_WALLET },
        { ...good, signature: "0x1234" },
        { ...good, signature: (await signedBy(bob, otherMessage)).signature },
      ]) {
        expectProblem(await post(wrong), 422, "signature_invalid");
      }
      for (const malformed of [{}, { ...good, extra: 1 }, { ...good, signature: "0x" }]) {
        expectProblem(await post(malformed), 400, "invalid_request");
      }
      expect((await stack.context.checkpoints.byEpoch(1n))?.signatures).to.deep.equal([]);
    });

    it("adds its own signature and submits after a co-signer has signed", async () => {
      const good = await signedBy(bob);
      const { status, document } = await post(good);
      expect(status).to.equal(200);
      expect(document["threshold"]).to.equal(2);
      expect(document["signatures"]).to.deep.include({
        signer: good.signer,
        signature: good.signature,
      });

      const { signatures } = await untilOnChain(1n);
      expect(signatures.map((signed) => signed.signer)).to.deep.equal(
        ascending([signer, bob].map(addressOf)),
      );
    });

    it("accepts a repeated signature, but no new one after the submission", async () => {
      const again = await post(await signedBy(bob));
      expect(again.status).to.equal(200);
      expect(again.document["signatures"]).to.have.length(2);
      const late = { ...(await signedBy(provider)), signer: CONTRACT_WALLET };
      expectProblem(await post(late), 409, "checkpoint_not_prepared");
    });

    it("takes the signature of a contract wallet (ERC-1271) as the contract does", async () => {
      await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      const message = await useUntilPrepared(2n);
      const ofOwner = await signedBy(provider, message);
      expectProblem(
        await post({ ...ofOwner, signer: CONTRACT_WALLET, signature: "0x1234" }, 2n),
        422,
        "signature_invalid",
      );
      // The test wallet requires its owner's signature plus one byte.
      const signature = `${ofOwner.signature}00`;
      const { status } = await post({ ...ofOwner, signer: CONTRACT_WALLET, signature }, 2n);
      expect(status).to.equal(200);
      expect((await untilOnChain(2n)).signatures).to.deep.include({
        signer: CONTRACT_WALLET,
        signature,
      });
    });
  });
}

const SPENDER: Hex = `0x${"22".repeat(32)}`;

function ascending(addresses: readonly Address[]): Address[] {
  return addresses.toSorted((a, b) => (a < b ? -1 : 1));
}
