import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { type Address, type Hex, parseAbi } from "viem";
import { hardhat } from "viem/chains";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { memoryCopies } from "@compute-credits/client/wallet/copies";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { buyCredits } from "@compute-credits/client/chain/credits";
import {
  type SignedReceipt,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createFolderCopies } from "../../scripts/copies/folderCopies.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS, deployContract } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const run = promisify(execFile);

/** One of the test wallet's moods. */
const DISOWNING = 1;

/** Runs a script. Returns its output and exit code. */
async function script(name: string, line: string) {
  return await run(process.execPath, [
    `scripts/${name}.ts`,
    ...line.split(" ").filter((word) => word !== ""),
  ]).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );
}

describe("verify and rebuild, against a chain and a server", () => {
  const { alice, bob, provider } = wallets;
  let stack: MeteredStack;
  /** a contract wallet (ERC-1271) with Bob's key */
  let contractWallet: Address;
  let providerKey: string;
  let spender: Hex;
  let epoch: bigint;
  let folder: string;
  /** the provider's receipts from before and after the checkpoint */
  let receipts: readonly [SignedReceipt, SignedReceipt];

  before(async () => {
    stack = await startMeteredStack("PostgreSQL");
    contractWallet = lowercaseHex(
      await deployContract(stack.rpcUrl, "TestWallet", [bob.account.address]),
    );
    await stack.buyAndWait(alice, parseCredits("100"));
    const apiKey = createApiKey();
    spender = apiKeySpender(apiKey);
    const ceiling = parseCredits("100");
    providerKey = await stack.registerProvider(provider);
    const metering = createMeteringClient(stack.server.url, { key: providerKey });
    await metering.addAllowance(
      await stack.sign(alice, { spender, limitMicros: ceiling, accountCapMicros: ceiling }),
      { apiKey },
    );
    await metering.claimAccess(apiKey);
    await used(spender);
    const early = await metering.receipt();
    epoch = await finalEpoch(0n);
    receipts = [early, await metering.receipt()];
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
  });
  after(async () => {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const used = (payer: Hex) =>
    stack.request("/v1/usage", {
      key: providerKey,
      body: [cloudEvent(payer, { quantity: 100 })],
    });

  /** Skips dispute windows until a checkpoint after `last` is final. */
  const finalEpoch = (last: bigint) =>
    eventually("a final checkpoint", async () => {
      const newest = await stack.context.checkpoints.latest();
      if (newest?.status === "pending") await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      const isFinal = newest?.status === "final" && newest.message.epoch > last;
      return isFinal ? newest.message.epoch : null;
    });

  const verifyWithoutKey = (account: Address, options = "") =>
    script(
      "verify",
      `--account ${account} --contract ${stack.contract} --rpc ${stack.rpcUrl} --server ${stack.server.url} ${options}`,
    );

  const verify = async (account: Address, options = "") =>
    await verifyWithoutKey(account, `--view-key ${await stack.viewKeyOf(account)} ${options}`);

  async function receiptFile(name: string, receipt: SignedReceipt): Promise<string> {
    const file = join(folder, name);
    const text = jsonText(receipt);
    await writeFile(file, text);
    return `--receipt ${file}`;
  }

  it("confirms an honest server's account without trusting it", async () => {
    const { code, text } = await verify(addressOf(alice));
    expect(text).to.include("are those that were signed").and.not.include("✘");
    expect(text).to.include("You signed 1 of the 1 allowances");
    expect(text).to.include("you signed for up to 100.");
    expect(text).to.include("1 purchase events");
    expect(code).to.equal(0);
  });

  it("checks what chain and rows can show without a view key, and says what it did not check", async () => {
    const { code, text } = await verifyWithoutKey(addressOf(alice));
    expect(text).to.include("are those that were signed").and.include("1 purchase events");
    expect(text).to.include("– The allowances that you signed were not checked");
    expect(text).to.include("– The server's balance").and.include("--view-key");
    expect(text).to.not.include("✘").and.not.include("You signed");
    expect(code).to.equal(0);
  });

  it("counts copies of what the owner signed, without a view key", async () => {
    const copies = createFolderCopies("--copies", join(folder, "copies"));
    const inMemory = await memoryCopies.list(addressOf(alice));
    // Other files of this process signed for her, too, on chains and contracts with these addresses.
    const here = inMemory.filter(
      (copy) => copy.kind === "allowance" && copy.allowance.spender === spender,
    );
    expect(here).to.have.length(1);
    for (const copy of here) {
      // oxlint-disable-next-line no-await-in-loop -- a few files
      await copies.put(copy);
    }
    const { code, text } = await verifyWithoutKey(
      addressOf(alice),
      `--copies ${join(folder, "copies")}`,
    );
    expect(text).to.include("you signed for up to 100.");
    expect(text).to.include("of which you kept copies").and.not.include("✘");
    expect(code).to.equal(0);
    const missing = await verifyWithoutKey(addressOf(alice), `--copies ${join(folder, "no")}`);
    expect(missing.text).to.match(/^--copies \S+ is no folder that can be read\.$/m);
    expect(missing.code).to.equal(1);
  });

  it("says that a view key of another account shows nothing", async () => {
    const other = `--view-key ${await stack.viewKeyOf(addressOf(wallets.bob))}`;
    const { code, text } = await verifyWithoutKey(addressOf(alice), other);
    expect(text).to.include("not_permitted");
    expect(code).to.equal(1);
  });

  it("accuses nobody of a newcomer's account, without a row", async () => {
    const { code, text } = await verify(addressOf(wallets.auditor));
    expect(text).to.include("purchased 0").and.not.include("✘").and.not.include("…");
    expect(code).to.equal(0);
  });

  it("finds a charge above the cap", async () => {
    const { code, text } = await verify(addressOf(alice), "--ceiling 0.000001");
    expect(text).to.include("✘").and.include("challengeRow");
    expect(code).to.equal(1);
  });

  it("confirms paid receipts of a provider and shows when another is due", async () => {
    const [due, later] = receipts;
    const files = [await receiptFile("due", due), await receiptFile("later", later)];
    const { code, text } = await verify(addressOf(provider), files.join(" "));
    expect(text).to.include(`epoch ${due.receipt.epoch} pays`).and.not.include("✘");
    expect(text).to.include("not due yet");
    expect(code).to.equal(0);
  });

  it("finds a receipt that was changed after its signature", async () => {
    const [due] = receipts;
    const forged = { ...due, receipt: { ...due.receipt, earned: due.receipt.earned + 1n } };
    const { code, text } = await verify(addressOf(provider), await receiptFile("forged", forged));
    expect(text).to.include("is not signed by enough of the contract's signers");
    expect(code).to.equal(1);
  });

  it("rebuilds the on-chain root and data hash", async () => {
    const { rpcUrl, contract, server } = stack;
    const { code, text } = await script(
      "rebuild",
      `--server ${server.url} --epoch ${epoch} --rpc ${rpcUrl} --contract ${contract}`,
    );
    expect(text).to.include(`all of it is the final checkpoint's on chain, of epoch ${epoch}`);
    expect(code).to.equal(0);
  });

  it("finds a contract wallet's signature, and that the wallet now rejects it", async () => {
    const creditMicros = parseCredits("50");
    await buyCredits(stack.as(alice), { account: contractWallet, creditMicros });
    await eventually("the purchase", async () => {
      const { purchased } = await stack.context.accounts.balance(contractWallet);
      return purchased === creditMicros;
    });
    const apiKey = createApiKey();
    const keySpender = apiKeySpender(apiKey);
    const options = {
      spender: keySpender,
      limitMicros: creditMicros,
      accountCapMicros: creditMicros,
    };
    const { allowance, scope } = await stack.sign(bob, options);
    const message = { ...allowance, account: contractWallet };
    // The extra byte makes the signature valid for the wallet, but for no key.
    const signature = await bob.account.signTypedData(
      allowanceTypedData(stack.deployment, message),
    );
    const metering = createMeteringClient(stack.server.url, { key: providerKey });
    await metering.addAllowance(
      { allowance: message, scope, signature: `${signature}01` },
      { apiKey },
    );
    await metering.claimAccess(apiKey);
    await eventually("the recorded cap", async () =>
      JSON.stringify((await used(keySpender)).document).includes('"result":"debited"'),
    );
    await finalEpoch(epoch);

    const honest = await verify(contractWallet);
    expect(honest.text).to.include("You signed 1 of the 1 allowances").and.not.include("✘");
    expect(honest.text).to.include("you signed for up to 50.");
    expect(honest.code).to.equal(0);

    const { wallet, client } = stack.as(alice);
    const hash = await wallet.writeContract({
      account: alice.account,
      chain: hardhat,
      address: contractWallet,
      abi: parseAbi(["function setMood(uint8 mood)"]),
      functionName: "setMood",
      args: [DISOWNING],
    });
    await client.waitForTransactionReceipt({ hash });
    const disowning = await verify(contractWallet);
    expect(disowning.text).to.include("that you did not sign");
    expect(disowning.code).to.equal(1);
  });

  for (const [name, options] of [
    ["verify", ""],
    ["rebuild", ""],
    ["rebuild", "--server http://127.0.0.1:1 --epoch 0"],
  ] as const) {
    it(`prints its usage for invalid options: ${name} ${options}`, async () => {
      const { code, text } = await script(name, options);
      expect(code).to.equal(1);
      expect(text).to.include(`npm run ${name} -- --`);
    });
  }
});
