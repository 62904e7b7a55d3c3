import { zeroAddress, zeroHash } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { allowanceTypedData } from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import { campaignAccessTypedData } from "@compute-credits/protocol/messages/campaignAccess";
import { checkpointTypedData } from "@compute-credits/protocol/messages/checkpoint";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { logHeadTypedData } from "@compute-credits/protocol/messages/logHead";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
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
import { quoteTypedData } from "@compute-credits/protocol/messages/quote";
import { topUpPolicyTypedData } from "@compute-credits/protocol/messages/topUpPolicy";
import { viewKeyTypedData } from "@compute-credits/protocol/messages/viewKey";
import { viewKeyRevocationTypedData } from "@compute-credits/protocol/messages/viewKeyRevocation";

const deployment = { chainId: 1, contract: zeroAddress };

const CHARGEABLE = {
  provider: zeroAddress,
  account: zeroAddress,
  meter: "",
  dimensions: "",
  quantity: 0n,
};

/** Typed data with empty values: only the types are read. */
const MESSAGES: readonly {
  readonly types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
}[] = [
  allowanceTypedData(deployment, {
    account: zeroAddress,
    spender: zeroHash,
    limit: 0n,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 0,
    scope: zeroHash,
    accountCap: 0n,
    counter: 0n,
    salt: 0n,
  }),
  acceptanceTypedData(deployment, {
    spender: zeroHash,
    account: zeroAddress,
    accepted: true,
    signedAt: 0n,
  }),
  allowanceRevocationTypedData(deployment, { allowance: zeroHash }),
  topUpPolicyTypedData(deployment, {
    account: zeroAddress,
    payer: zeroAddress,
    keeper: zeroAddress,
    creditMicrosPerTopUp: 0n,
    maxCreditMicrosPerPeriod: 0n,
    periodSeconds: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    salt: 0n,
  }),
  providerApprovalTypedData(deployment, {
    provider: zeroAddress,
    approved: false,
    issuedAt: 0n,
  }),
  meterKeyTypedData(deployment, { provider: zeroAddress, meterKey: zeroAddress }),
  meterKeyRevocationTypedData(deployment, { provider: zeroAddress, meterKey: zeroAddress }),
  usageEvidenceTypedData(deployment, {
    provider: zeroAddress,
    eventId: "",
    quantity: 0n,
    content: "",
  }),
  providerProfileTypedData(deployment, {
    provider: zeroAddress,
    name: "",
    endpoints: [],
    regions: [],
    hardware: [],
    terms: "",
    listed: true,
    issuedAt: 0n,
  }),
  providerKeyTypedData(deployment, { provider: zeroAddress, keyHash: zeroHash }),
  providerKeyRevocationTypedData(deployment, { provider: zeroAddress, keyHash: zeroHash }),
  providerAccessTypedData(deployment, { spender: zeroAddress, provider: zeroAddress }),
  providerAccessRevocationTypedData(deployment, { spender: zeroAddress, provider: zeroAddress }),
  issuingKeyTypedData(deployment, {
    account: zeroAddress,
    keyHash: zeroHash,
    campaign: zeroHash,
    counter: 0n,
  }),
  issuingKeyRevocationTypedData(deployment, {
    account: zeroAddress,
    keyHash: zeroHash,
    revokesGrants: false,
  }),
  viewKeyTypedData(deployment, { account: zeroAddress, keyHash: zeroHash, expiresAt: 0n }),
  viewKeyRevocationTypedData(deployment, { account: zeroAddress, keyHash: zeroHash }),
  campaignAccessTypedData(deployment, { account: zeroAddress, issuedAt: 0n }),
  logAccessTypedData(deployment, { reader: zeroAddress, issuedAt: 0n }),
  logHeadTypedData(deployment, { segment: 0n, head: zeroHash }),
  checkpointTypedData(deployment, {
    epoch: 0n,
    previousRoot: zeroHash,
    root: zeroHash,
    spent: 0n,
    refunded: 0n,
    earned: 0n,
    asOf: 0n,
    dataHash: zeroHash,
  }),
  earningsReceiptTypedData(deployment, { provider: zeroAddress, earned: 0n, epoch: 0n }),
  quoteTypedData(deployment, {
    ...CHARGEABLE,
    costMicros: 0n,
    rateCardVersion: 0n,
    rate: "",
    expiresAt: 0n,
  }),
];

/** The EIP-712 types as code, a message each, wrapped at 80 columns. */
export function messageTypes(): string {
  const types = MESSAGES.flatMap((message) => Object.entries(message.types));
  const lines = types.map(([name, fields]) =>
    wrapped(`${name}(`, `${fields.map((field) => `${field.type} ${field.name}`).join(", ")})`),
  );
  return ["```solidity", ...lines, "```"].join("\n");
}

/** Breaks after commas, and indents what follows by the length of `head`. */
function wrapped(head: string, tail: string): string {
  const indent = " ".repeat(head.length);
  let line = head;
  const lines: string[] = [];
  for (const part of tail.split(/(?<=, )/)) {
    if ((line + part).trimEnd().length > 80) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += part;
  }
  return [...lines, line].join("\n");
}
