import { expect } from "chai";
import {
  type Address,
  type Hex,
  concat,
  createTestClient,
  hashTypedData,
  http,
  maxUint64,
} from "viem";
import { hardhat } from "viem/chains";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import {
  type AllowanceMessage,
  allowanceId,
  allowanceTypedData,
} from "@compute-credits/protocol/messages/allowance";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import type { Signing } from "@compute-credits/protocol/messages/signatureCheck";
import { wallets } from "../../../scripts/local/wallets.ts";
import { MOODS, type Mood, deployWallet, moodCall } from "../../fixtures/contractWallet.ts";
import { type FaultyRpc, type Meddler, startFaultyRpc } from "../../fixtures/faultyRpc.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const { alice, bob } = wallets;

/** The words of a few clients and services for a call that failed, each with its code. */
const FAILED_CALLS = [
  [3, "execution reverted"],
  [-32015, "VM execution error."],
  [-32000, "out of gas"],
  [-32603, "invalid opcode: INVALID"],
  [-32000, "err: gas uint64 overflow (supplied gas 15010499)"],
  [-32005, "Die Ausführung schlug fehl (429)"],
] as const;

describe("signature of an allowance", () => {
  let local: LocalContract;
  let rpc: FaultyRpc;
  let chain: ChainReader;
  let wallet: Address;

  before(async () => {
    local = await startContract();
    rpc = await startFaultyRpc(local.rpcUrl);
    chain = await createChainReader([rpc.url], local.contract);
    wallet = await deployWallet(local.rpcUrl, bob);
    // Its address is read once.
    await chain.court();
  });
  after(async () => {
    await rpc.stop();
    await local.stop();
  });
  afterEach(() => rpc.behave());

  async function signed(account: Address, by = bob) {
    const message = allowanceOf(account);
    const typedData = allowanceTypedData(local.deployment, message);
    return { message, signature: await by.account.signTypedData(typedData) };
  }

  async function byWallet() {
    const { message, signature } = await signed(wallet);
    return { message, signature: concat([signature, "0x00"]) };
  }

  async function setMood(mood: Mood): Promise<void> {
    const { account } = bob;
    const { wallet: sender, client } = local.as(bob);
    const data = moodCall(mood);
    const hash = await sender.sendTransaction({ to: wallet, data, account, chain: hardhat });
    await client.waitForTransactionReceipt({ hash });
  }

  it("is the key's if the account's key signed it", async () => {
    const ofAlice = lowercaseHex(alice.account.address);
    expect(await chain.allowanceSigning(await signed(ofAlice, alice))).to.equal("key");
    expect(await chain.allowanceSigning(await signed(ofAlice, bob))).to.equal("nobody");
  });

  for (const mood of MOODS) {
    const expected: Signing = mood === "honest" ? "contract" : "contract_refuses";

    context(`if the contract wallet is ${mood}`, () => {
      before(() => setMood(mood));
      after(() => setMood("honest"));

      it(`is "${expected}", as recordCap decides it`, async () => {
        expect(await chain.allowanceSigning(await byWallet())).to.equal(expected);
      });

      it(`is "${expected}" for another message, as ERC-1271 decides it`, async () => {
        const message = { spender: wallet, provider: wallet };
        const typedData = providerAccessTypedData(local.deployment, message);
        const signature = concat([await bob.account.signTypedData(typedData), "0x00"]);
        const digest = hashTypedData(typedData);
        expect(await chain.signingOf(wallet, digest, signature)).to.equal(expected);
        expect(await chain.isSignedBy(wallet, digest, signature)).to.equal(mood === "honest");
      });

      for (const [code, message] of FAILED_CALLS) {
        it(`is "${expected}" if the endpoint tells a failed call as "${message}"`, async () => {
          rpc.meddle(async (call, ask) => {
            const said = await ask();
            return call.method === "eth_call" && "error" in said
              ? { error: { code, message } }
              : said;
          });
          expect(await chain.allowanceSigning(await byWallet())).to.equal(expected);
        });
      }
    });
  }

  for (const [code, message] of FAILED_CALLS) {
    it(`is refused if the endpoint answers other calls, and this one with "${message}"`, async () => {
      rpc.meddle(callsOf(wallet, () => ({ error: { code, message } })));
      expect(await chain.allowanceSigning(await byWallet())).to.equal("contract_refuses");
    });

    it(`is unknown if the endpoint answers all calls with "${message}"`, async () => {
      rpc.meddle((call, ask) =>
        call.method === "eth_call" ? { error: { code, message } } : ask(),
      );
      await expectUnavailable(chain.allowanceSigning(await byWallet()));
    });
  }

  it("is unknown if the endpoint is down, slow or says nothing of use", async () => {
    rpc.meddle(() => ({ httpStatus: 500 }));
    await expectUnavailable(chain.allowanceSigning(await byWallet()));
    rpc.meddle((call, ask) => (call.method === "eth_call" ? { result: "0x" } : ask()));
    await expectUnavailable(chain.allowanceSigning(await byWallet()));
  });

  it("is the key's without any endpoint", async () => {
    rpc.meddle(() => ({ httpStatus: 500 }));
    const ofAlice = lowercaseHex(alice.account.address);
    expect(await chain.allowanceSigning(await signed(ofAlice, alice))).to.equal("key");
  });

  context("if the account has delegated to a contract (EIP-7702)", () => {
    /** bob's own address, with the code of a wallet that takes bob's key and a trailing byte */
    const delegating = lowercaseHex(bob.account.address);

    before(() => setCode(local.rpcUrl, delegating, concat(["0xef0100", wallet])));
    after(() => setCode(local.rpcUrl, delegating, "0x"));

    it("is the key's, whatever the code says", async () => {
      expect(await chain.allowanceSigning(await signed(delegating))).to.equal("key");
    });

    it("is the delegate's if only the code accepts it", async () => {
      const { message, signature } = await signed(delegating);
      const byCode = { message, signature: concat([signature, "0x00"]) };
      expect(await chain.allowanceSigning(byCode)).to.equal("delegate");
      const digest = allowanceId(local.deployment, message);
      expect(await chain.isSignedBy(delegating, digest, byCode.signature)).to.equal(true);
    });
  });
});

function allowanceOf(account: Address): AllowanceMessage {
  return {
    account,
    spender: `0x${"11".repeat(32)}`,
    limit: maxUint64,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 128,
    scope: `0x${"00".repeat(32)}`,
    accountCap: 100n,
    counter: 0n,
    salt: 1n,
  };
}

function setCode(rpcUrl: string, address: Address, bytecode: Hex): Promise<void> {
  const client = createTestClient({ mode: "hardhat", transport: http(rpcUrl) });
  return client.setCode({ address, bytecode });
}

/** Meddles with calls that carry a contract's address. */
function callsOf(address: Address, answer: () => { error: { code: number; message: string } }) {
  const meddler: Meddler = (call, ask) =>
    call.method === "eth_call" && JSON.stringify(call.params).includes(address.slice(2))
      ? answer()
      : ask();
  return meddler;
}

async function expectUnavailable(asked: Promise<unknown>): Promise<void> {
  const [outcome] = await Promise.allSettled([asked]);
  expect(outcome.status).to.equal("rejected");
}
