import { expect } from "chai";
import { TypedDataEncoder, Wallet, getAddress, verifyTypedData } from "ethers";
import * as fc from "fast-check";
import { type Hex, hashTypedData, isHex, numberToHex, recoverAddress, zeroHash } from "viem";
import { hardhat } from "viem/chains";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { allowanceId, allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { campaignAccessTypedData } from "@compute-credits/protocol/messages/campaignAccess";
import {
  type CheckpointMessage,
  checkpointDigest,
  checkpointTypedData,
} from "@compute-credits/protocol/messages/checkpoint";
import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import {
  meterKeyRevocationTypedData,
  meterKeyTypedData,
} from "@compute-credits/protocol/messages/meterKey";
import { usageEvidenceTypedData } from "@compute-credits/protocol/messages/usageEvidence";
import { providerProfileTypedData } from "@compute-credits/protocol/messages/providerProfile";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import { viewKeyTypedData } from "@compute-credits/protocol/messages/viewKey";
import { viewKeyRevocationTypedData } from "@compute-credits/protocol/messages/viewKeyRevocation";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import { LOCAL_WINDOWS } from "../../../scripts/local/deployLocal.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { anyAddress, anyBytes32, anyRow, anyUint } from "../../fixtures/arbitraries.ts";
import { type LocalContract, startContract } from "../../fixtures/localContract.ts";

const anyDeployment: fc.Arbitrary<Deployment> = fc.record({
  chainId: fc.integer({ min: 1 }),
  contract: anyAddress,
});

const anyCheckpoint: fc.Arbitrary<CheckpointMessage> = fc.record({
  epoch: anyUint(64),
  previousRoot: anyBytes32,
  root: anyBytes32,
  spent: anyUint(64),
  refunded: anyUint(64),
  earned: anyUint(64),
  asOf: anyUint(64),
  dataHash: anyBytes32,
});

const anyAllowance = fc.record({
  account: anyAddress,
  spender: anyBytes32,
  limit: anyUint(64),
  period: anyUint(64),
  rollover: anyUint(64),
  startsAt: anyUint(64),
  expiresAt: anyUint(64),
  priority: fc.integer({ min: 0, max: 255 }),
  scope: anyBytes32,
  accountCap: anyUint(64),
  counter: anyUint(64),
  salt: anyUint(256),
});

/** Typed data of any message, in a type that viem and ethers both accept. */
interface AnyTypedData {
  readonly domain: { name: string; version: string; chainId: number; verifyingContract: Hex };
  readonly types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
  readonly primaryType: string;
  readonly message: object;
}

/** All messages of the protocol, by name, with typed data of random fields. */
const kinds: readonly [name: string, typedData: fc.Arbitrary<AnyTypedData>][] = [
  ["Allowance", messages(anyAllowance, allowanceTypedData)],
  [
    "AllowanceRevocation",
    messages(fc.record({ allowance: anyBytes32 }), allowanceRevocationTypedData),
  ],
  [
    "ProviderKey",
    messages(fc.record({ provider: anyAddress, keyHash: anyBytes32 }), providerKeyTypedData),
  ],
  [
    "ProviderApproval",
    messages(
      fc.record({ provider: anyAddress, approved: fc.boolean(), issuedAt: anyUint(64) }),
      providerApprovalTypedData,
    ),
  ],
  [
    "MeterKey",
    messages(fc.record({ provider: anyAddress, meterKey: anyAddress }), meterKeyTypedData),
  ],
  [
    "MeterKeyRevocation",
    messages(
      fc.record({ provider: anyAddress, meterKey: anyAddress }),
      meterKeyRevocationTypedData,
    ),
  ],
  [
    "UsageEvidence",
    messages(
      fc.record({
        provider: anyAddress,
        eventId: fc.string(),
        quantity: anyUint(64),
        content: fc.string(),
      }),
      usageEvidenceTypedData,
    ),
  ],
  [
    "ProviderProfile",
    messages(
      fc.record({
        provider: anyAddress,
        name: fc.string(),
        endpoints: fc.array(fc.webUrl()),
        regions: fc.array(fc.string()),
        hardware: fc.array(fc.string()),
        terms: fc.string(),
        listed: fc.boolean(),
        issuedAt: anyUint(64),
      }),
      providerProfileTypedData,
    ),
  ],
  [
    "IssuingKey",
    messages(
      fc.record({
        account: anyAddress,
        keyHash: anyBytes32,
        campaign: anyBytes32,
        counter: anyUint(64),
      }),
      issuingKeyTypedData,
    ),
  ],
  [
    "IssuingKeyRevocation",
    messages(
      fc.record({ account: anyAddress, keyHash: anyBytes32, revokesGrants: fc.boolean() }),
      issuingKeyRevocationTypedData,
    ),
  ],
  [
    "ViewKey",
    messages(
      fc.record({ account: anyAddress, keyHash: anyBytes32, expiresAt: anyUint(64) }),
      viewKeyTypedData,
    ),
  ],
  [
    "ViewKeyRevocation",
    messages(fc.record({ account: anyAddress, keyHash: anyBytes32 }), viewKeyRevocationTypedData),
  ],
  [
    "CampaignAccess",
    messages(fc.record({ account: anyAddress, issuedAt: anyUint(64) }), campaignAccessTypedData),
  ],
  [
    "ProviderAccess",
    messages(fc.record({ spender: anyAddress, provider: anyAddress }), providerAccessTypedData),
  ],
  [
    "ProviderKeyRevocation",
    messages(
      fc.record({ provider: anyAddress, keyHash: anyBytes32 }),
      providerKeyRevocationTypedData,
    ),
  ],
  [
    "ProviderAccessRevocation",
    messages(
      fc.record({ spender: anyAddress, provider: anyAddress }),
      providerAccessRevocationTypedData,
    ),
  ],
  [
    "Acceptance",
    messages(
      fc.record({
        spender: anyBytes32,
        account: anyAddress,
        accepted: fc.boolean(),
        signedAt: anyUint(64),
      }),
      acceptanceTypedData,
    ),
  ],
  ["Checkpoint", messages(anyCheckpoint, checkpointTypedData)],
];

function messages<Message>(
  message: fc.Arbitrary<Message>,
  typedData: (deployment: Deployment, message: Message) => AnyTypedData,
): fc.Arbitrary<AnyTypedData> {
  return fc.tuple(anyDeployment, message).map((parts) => typedData(...parts));
}

/** ethers needs mutable lists. */
function ethersTypes({ types }: AnyTypedData) {
  return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
}

function viemDigest({ domain, types, primaryType, message }: AnyTypedData): Hex {
  return hashTypedData({ domain, types, primaryType, message: { ...message } });
}

function toHex(text: string): Hex {
  if (!isHex(text)) throw new Error(`${text} is not hex`);
  return text;
}

describe("typed data", () => {
  const alice = new Wallet(wallets.alice.privateKey);

  for (const [name, anyTypedData] of kinds) {
    context(`of the kind ${name}`, () => {
      it("has the same digest as in ethers", () => {
        fc.assert(
          fc.property(anyTypedData, (typedData) => {
            expect(viemDigest(typedData)).to.equal(
              TypedDataEncoder.hash(typedData.domain, ethersTypes(typedData), typedData.message),
            );
          }),
          { numRuns: 40 },
        );
      });

      it("signed with viem is recovered by ethers, and vice versa", async () => {
        await fc.assert(
          fc.asyncProperty(anyTypedData, async (typedData) => {
            const { domain, types, primaryType, message } = typedData;
            const byViem = await wallets.alice.account.signTypedData({
              domain,
              types,
              primaryType,
              message: { ...message },
            });
            const byEthers = await alice.signTypedData(domain, ethersTypes(typedData), message);

            expect(verifyTypedData(domain, ethersTypes(typedData), message, byViem)).to.equal(
              alice.address,
            );
            expect(
              await recoverAddress({ hash: viemDigest(typedData), signature: toHex(byEthers) }),
            ).to.equal(alice.address);
          }),
          { numRuns: 3 },
        );
      });

      it("on another chain or contract: has another digest", () => {
        fc.assert(
          fc.property(anyTypedData, (typedData) => {
            const { domain } = typedData;
            const digests = new Set([
              viemDigest(typedData),
              viemDigest({ ...typedData, domain: { ...domain, chainId: domain.chainId + 1 } }),
              viemDigest({
                ...typedData,
                domain: { ...domain, verifyingContract: numberToHex(1, { size: 20 }) },
              }),
            ]);
            expect(digests.size).to.equal(3);
          }),
          { numRuns: 10 },
        );
      });
    });
  }

  it("with any field of an allowance changed: has another id", () => {
    const deployment = { chainId: 31337, contract: numberToHex(7, { size: 20 }) };
    fc.assert(
      fc.property(anyAllowance, anyAllowance, (message, other) => {
        const fields = Object.keys(message).filter(
          (key) => Reflect.get(message, key) !== Reflect.get(other, key),
        );
        const ids = fields.map((key) =>
          allowanceId(deployment, { ...message, [key]: Reflect.get(other, key) }),
        );
        expect(new Set([allowanceId(deployment, message), ...ids]).size).to.equal(
          fields.length + 1,
        );
      }),
      { numRuns: 20 },
    );
  });
});

describe("typed data on the chain", () => {
  let local: LocalContract;
  let reader: ChainReader;

  before(async () => {
    local = await startContract();
    reader = await createChainReader([local.rpcUrl], local.contract);
  });
  after(() => local.stop());

  it("gives a checkpoint the contract's digest", async () => {
    await fc.assert(
      fc.asyncProperty(anyCheckpoint, async (message) => {
        const onChain = await local.client.readContract({
          address: local.contract,
          abi: computeCreditsAbi,
          functionName: "hashCheckpoint",
          args: [message],
        });
        expect(checkpointDigest(local.deployment, message)).to.equal(onChain);
      }),
      { numRuns: 20 },
    );
  });

  it("gives a row the contract's leaf", async () => {
    await fc.assert(
      fc.asyncProperty(anyRow, async (row) => {
        const onChain = await local.client.readContract({
          address: local.contract,
          abi: computeCreditsAbi,
          functionName: "rowLeaf",
          args: [row],
        });
        expect(rowLeaf(row)).to.equal(onChain);
      }),
      { numRuns: 20 },
    );
  });

  for (const [name, anyTypedData] of kinds) {
    it(`accepts an ethers wallet's signature of ${name}, and no other signer's`, async () => {
      const alice = new Wallet(wallets.alice.privateKey);
      await fc.assert(
        fc.asyncProperty(anyTypedData, async (typedData) => {
          const signature = toHex(
            await alice.signTypedData(typedData.domain, ethersTypes(typedData), typedData.message),
          );
          const digest = viemDigest(typedData);
          const [ofAlice, ofBob, ofOtherDigest] = await Promise.all([
            reader.isSignedBy(wallets.alice.account.address, digest, signature),
            reader.isSignedBy(wallets.bob.account.address, digest, signature),
            reader.isSignedBy(wallets.alice.account.address, zeroHash, signature),
          ]);
          expect([ofAlice, ofBob, ofOtherDigest]).to.deep.equal([true, false, false]);
        }),
        { numRuns: 3 },
      );
    });
  }

  it("signed with ethers, then with viem: a checkpoint is accepted by the contract", async () => {
    const deployment = { ...local.deployment, contract: toHex(getAddress(local.contract)) };
    const rows = [{ party: wallets.alice.account.address, spent: 0n, refunded: 0n, earned: 0n }];
    const first: CheckpointMessage = {
      epoch: 1n,
      previousRoot: zeroHash,
      ...commitToRows(rows),
      spent: 0n,
      refunded: 0n,
      earned: 0n,
      asOf: 1n,
    };
    const second = { ...first, epoch: 2n, previousRoot: first.root };

    const typedData = checkpointTypedData(deployment, first);
    const byEthers = await new Wallet(wallets.signer.privateKey).signTypedData(
      typedData.domain,
      ethersTypes(typedData),
      typedData.message,
    );
    await submit(first, toHex(byEthers));
    await local.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
    await submit(
      second,
      await createLocalSigner(wallets.signer.privateKey).sign(deployment, second),
    );

    expect(await reader.latestEpoch()).to.equal(2n);
  });

  async function submit(message: CheckpointMessage, signature: Hex): Promise<void> {
    const hash = await local.as(wallets.bob).wallet.writeContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "submitCheckpoint",
      args: [message, [{ signer: wallets.signer.account.address, signature }]],
      account: wallets.bob.account,
      chain: hardhat,
    });
    const { status } = await local.client.waitForTransactionReceipt({ hash });
    expect(status).to.equal("success");
  }
});
