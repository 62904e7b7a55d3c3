import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { pino } from "pino";
import type { Hex } from "viem";

import { createCourt } from "@compute-credits/client/chain/court";
import { senderOf, waitForSuccess } from "@compute-credits/client/chain/transact";
import {
  type SignedReceipt,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { checkpointTypedData } from "@compute-credits/protocol/messages/checkpoint";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import type { RunningAuditor } from "../../auditor/startAuditor.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { rowOf } from "../fixtures/dishonestOperator.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { newAuditorDatabase } from "../fixtures/postgresServer.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";

const { alice, auditor, bob, operator, provider, signer } = wallets;

/** The contract wants the signatures of two: the server's key, and an auditor's. */
describe("receipts that an auditor co-signs", function () {
  this.timeout(180_000);
  let stack: MeteredStack;
  let running: RunningAuditor | undefined;
  let metering: ReturnType<typeof createMeteringClient>;
  let use: (quantity: number) => Promise<void>;
  let receipt: SignedReceipt;

  before(async () => {
    const signers = [signer, auditor].map(addressOf).toSorted();
    stack = await startMeteredStack("PostgreSQL", { terms: { threshold: 2, signers } });
    const key = await stack.registerProvider(provider);
    metering = createMeteringClient(stack.server.url, { key });
    await stack.buyAndWait(alice, 1_000_000_000n);
    const apiKey = createApiKey();
    const spender = apiKeySpender(apiKey);
    await metering.addAllowance(await stack.sign(alice, { spender }), { apiKey });
    await metering.claimAccess(apiKey);
    use = async (quantity) => {
      const body = cloudEvent(spender, { quantity });
      const { status } = await stack.request("/v1/usage", { key, body });
      expect(status).to.equal(201);
    };
  });
  after(async () => {
    await running?.stop();
    await stack.stop();
  });

  const receiptsInLog = async () => {
    const { entries } = await stack.context.usageLog.page({ since: null, upTo: null }, null, 1_000);
    return entries.filter(({ kind }) => kind === "receipt");
  };

  const post = (wallet: TestWallet, changes: object = {}) =>
    signatureOf(wallet, receipt).then((signed) =>
      stack.request(`/v1/receipts/${addressOf(provider)}/signatures`, {
        body: {
          earned: `${receipt.receipt.earned}`,
          epoch: `${receipt.receipt.epoch}`,
          ...signed,
          ...changes,
        },
      }),
    );

  async function signatureOf(wallet: TestWallet, { receipt: message }: SignedReceipt) {
    const typedData = earningsReceiptTypedData(stack.deployment, message);
    return { signer: addressOf(wallet), signature: await wallet.account.signTypedData(typedData) };
  }

  it("are not enforceable with the server's signature alone", async () => {
    expectProblem(
      await stack.request("/v1/receipts/latest", { key: await stack.registerProvider(provider) }),
      404,
      "receipt_not_found",
    );
    await use(100);
    receipt = await metering.receipt();
    expect(receipt).to.include({ threshold: 2, isEnforceable: false });
    expect(receipt.signatures.map((one) => one.signer)).to.deep.equal([addressOf(signer)]);
  });

  it("take a present signer's signature of the newest receipt, and nothing else", async () => {
    expectProblem(await post(bob), 403, "not_a_signer");
    expectProblem(await post(auditor, { earned: "1" }), 422, "signature_invalid");
    expectProblem(await post(auditor, { signer: addressOf(signer) }), 422, "signature_invalid");
    expectProblem(await post(auditor, { earned: undefined }), 400, "invalid_request");
    const other = { ...receipt, receipt: { ...receipt.receipt, earned: 1n } };
    const replaced = await signatureOf(auditor, other);
    expectProblem(await post(auditor, { earned: "1", ...replaced }), 409, "receipt_replaced");
    const unknown = { ...receipt, receipt: { ...receipt.receipt, provider: addressOf(bob) } };
    const { status } = await stack.request(`/v1/receipts/${addressOf(bob)}/signatures`, {
      body: {
        earned: `${receipt.receipt.earned}`,
        epoch: `${receipt.receipt.epoch}`,
        ...(await signatureOf(auditor, unknown)),
      },
    });
    expect(status).to.equal(404);
    expect((await metering.latestReceipt()).isEnforceable).to.equal(false);
  });

  it("are enforceable seconds later, when the provider fetches the same one again", async () => {
    running = await startLocalAuditor(stack, auditor, pino({ level: "silent" }), {
      databaseUrl: await newAuditorDatabase(),
    });
    // While the first checkpoint is in dispute, no other is cut: the receipt is of the next one.
    await eventually("the first checkpoint on chain", async () => {
      const pending = await stack.context.checkpoints.byEpoch(1n);
      return pending?.status === "pending";
    });
    const { document: shown } = await send(`${running.url}/signatures`);
    expect(JSON.stringify(shown)).to.include(addressOf(auditor)).and.to.include('"epoch":"1"');
    await use(50);
    const promised = await metering.receipt();
    expect(promised.receipt.epoch).to.equal(2n);
    const promises = (await receiptsInLog()).length;
    receipt = await eventually("an enforceable receipt", async () => {
      const latest = await metering.latestReceipt();
      return latest.isEnforceable && latest;
    });
    expect(receipt.receipt).to.deep.equal(promised.receipt);
    expect(receipt.signatures.map((one) => one.signer)).to.deep.equal(
      [signer, auditor].map(addressOf).toSorted(),
    );
    expect(await metering.receipt()).to.deep.equal(receipt);
    expect(await receiptsInLog()).to.have.length(promises);
    // Sent again, it changes nothing.
    const again = await post(auditor);
    expect(again.status).to.equal(200);
    expect(again.document).to.deep.equal({ signatures: 2, threshold: 2, isEnforceable: true });
  });

  it("hold for npm run verify", async () => {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    try {
      const file = join(folder, "receipt.json");
      await writeFile(file, jsonText(receipt));
      const options = `--account ${addressOf(provider)} --contract ${stack.contract} --server ${stack.server.url} --rpc ${stack.rpcUrl} --receipt ${file}`;
      const command = ["scripts/verify.ts", ...options.split(" ")];
      const { stdout } = await promisify(execFile)(process.execPath, command);
      expect(stdout).to.match(
        /✔ The receipt of [\d.]+ earned from epoch 2 on is signed, and not due yet/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("drop a checkpoint of the same signers that pays less", async () => {
    const [before] = await stack.context.checkpoints.proofs(
      (await stack.context.checkpoints.byEpoch(1n))?.id ?? 0n,
      [addressOf(provider)],
    );
    await running?.stop();
    await stack.server.stop();
    await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
    const vault = { address: stack.contract, abi: computeCreditsAbi } as const;
    const { client } = stack;
    const final = await client.readContract({ ...vault, functionName: "finalCheckpoint" });
    expect(final.epoch).to.equal(1n);

    // It pays what the last one paid, and not what the receipt promises.
    const earned = before?.row.earned ?? 0n;
    expect(earned < receipt.receipt.earned).to.equal(true);
    const tree = buildTree([rowOf(alice, { spent: final.spent }), rowOf(provider, { earned })]);
    const unpublished: Hex = `0x${"11".repeat(32)}`;
    const message = {
      epoch: 2n,
      previousRoot: final.root,
      root: tree.root,
      spent: final.spent,
      refunded: 0n,
      earned,
      asOf: (await client.getBlock()).timestamp,
      dataHash: unpublished,
    };
    const typedData = checkpointTypedData(stack.deployment, message);
    const signatures = await Promise.all(
      [signer, auditor]
        .toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1))
        .map(async (wallet) => ({
          signer: addressOf(wallet),
          signature: await wallet.account.signTypedData(typedData),
        })),
    );
    const { wallet } = stack.as(operator);
    await waitForSuccess(
      client,
      wallet.writeContract({
        ...vault,
        ...senderOf(wallet),
        functionName: "submitCheckpoint",
        args: [message, signatures],
      }),
    );
    const pendingEpoch = async () =>
      (await client.readContract({ ...vault, functionName: "pendingCheckpoint" })).epoch;
    expect(await pendingEpoch()).to.equal(2n);

    const court = await createCourt(stack.as(provider));
    const alone = court.challengeEarnings(receipt.receipt, receipt.signatures.slice(0, 1));
    expect(await refusalOf(alone)).to.include("Signatures");
    await court.challengeEarnings(receipt.receipt, receipt.signatures);
    await stack.passTime(LOCAL_WINDOWS.answerWindowSeconds);
    await court.dropUnanswered(addressOf(provider), addressOf(provider));
    expect(await pendingEpoch()).to.equal(0n);
  });
});
