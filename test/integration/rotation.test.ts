import { expect } from "chai";
import type { Address } from "viem";
import { hardhat } from "viem/chains";

import { createCourt } from "@compute-credits/client/chain/court";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { readChainFacts } from "@compute-credits/client/verify/chainFacts";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";

const { alice, bob, operator, provider, signer } = wallets;

/**
 * A server with the keys of the present signer and of the announced one. It signs receipts with
 * both, and goes on without a restart when the new one takes over.
 */
describe("a change of signers", () => {
  let stack: MeteredStack;
  let metering: ReturnType<typeof createMeteringClient>;
  let use: () => Promise<void>;

  before(async () => {
    stack = await startMeteredStack("PostgreSQL", {
      environment: { SIGNER_PRIVATE_KEYS: `${signer.privateKey},${bob.privateKey}` },
    });
    const key = await stack.registerProvider(provider);
    metering = createMeteringClient(stack.server.url, { key });
    await stack.buyAndWait(alice, 1_000_000_000n);
    const apiKey = createApiKey();
    const spender = apiKeySpender(apiKey);
    await metering.addAllowance(await stack.sign(alice, { spender }), { apiKey });
    await metering.claimAccess(apiKey);
    use = async () => {
      const { status } = await stack.request("/v1/usage", { key, body: cloudEvent(spender) });
      expect(status).to.equal(201);
    };
  });
  after(async () => await stack.stop());

  /** Announces the signer, or puts it in charge. */
  async function govern(functionName: "announceSigners" | "changeSigners", next: Address) {
    const { wallet, client } = stack.as(operator);
    const call = {
      address: stack.contract,
      abi: computeCreditsAbi,
      functionName,
      args: [[next], 1],
      account: operator.account,
      chain: hardhat,
    } as const;
    // The server's settler sends from the same wallet, and may take the nonce first.
    const hash = await eventually(functionName, () =>
      wallet.writeContract(call).catch((error: unknown) => {
        if (String(error).includes("Nonce")) return null;
        throw error;
      }),
    );
    await client.waitForTransactionReceipt({ hash });
  }

  it("leaves providers with receipts that count, and the server with signers that count", async () => {
    await use();
    const before = await metering.receipt();
    expect(signersOf(before.signatures)).to.deep.equal([addressOf(signer)]);
    expect(signersOf(before.standbySignatures)).to.deep.equal([addressOf(bob)]);
    expect(before).to.include({ threshold: 1, isEnforceable: true });

    await govern("announceSigners", addressOf(bob));
    await stack.passTime(LOCAL_WINDOWS.signerDelaySeconds);
    await govern("changeSigners", addressOf(bob));

    // The server remembers who is a signer for seconds.
    const renewed = await eventually("a receipt of the new signer", async () => {
      const receipt = await metering.receipt();
      return signersOf(receipt.signatures).includes(addressOf(bob)) && receipt;
    });
    expect(signersOf(renewed.signatures)).to.deep.equal([addressOf(bob)]);
    expect(signersOf(renewed.standbySignatures)).to.deep.equal([addressOf(signer)]);
    expect(renewed.isEnforceable).to.equal(true);

    // The receipt from before counts by the signature that its signer made in advance.
    const court = await createCourt(stack.as(provider));
    const former = court.registerReceipt(before.receipt, before.signatures);
    expect(await refusalOf(former)).to.contain("UnknownSigner");
    const readFacts = async () => await readChainFacts(stack.as(provider), addressOf(provider));
    const facts = await readFacts();
    expect(await facts.isEnforceable({ ...before, standbySignatures: [] })).to.equal(false);
    expect(await facts.isEnforceable(before)).to.equal(true);
    await court.registerReceipt(before.receipt, before.standbySignatures);
    const registered = await readFacts();
    const unsigned = { ...before, signatures: [], standbySignatures: [] };
    expect(await registered.isEnforceable(unsigned)).to.equal(true);

    await use();
    await eventually("a checkpoint of the new signer", async () => {
      const pending = await stack.context.checkpoints.latest();
      if (pending?.status === "pending") await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      return pending?.signatures.some((one) => one.signer === addressOf(bob));
    });
  });
});

function signersOf(signatures: readonly { readonly signer: Address }[]): readonly Address[] {
  return signatures.map((one) => one.signer);
}
