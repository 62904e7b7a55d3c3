import { z } from "zod";

import { CreditsError, apiKeySpender, createApiKey } from "@compute-credits/client";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Agent } from "../agent.ts";
import { askOwner, payerOf } from "../askOwner.ts";
import { Address, AddressInput, Bytes32, Bytes32Input, Micros } from "../fields.ts";
import { issueKey } from "../issueKey.ts";
import { writeKeyFile } from "../keyFile.ts";
import { KeyTerms, type MadeKey, allowanceTerms, checkLimit } from "../newKey.ts";
import { signKey } from "../signKey.ts";
import { tool } from "../tool.ts";

const OwnersPart = z.object({
  command: z.string().describe("To be run by the owner, with its wallet's file and an endpoint."),
  typedData: z.record(z.string(), z.unknown()).describe("For `eth_signTypedData_v4`."),
  post: z.object({ url: z.string(), body: z.record(z.string(), z.unknown()) }),
  isCounterRead: z
    .boolean()
    .describe("If not, the owner compares `counter` with `counterOf(account)` of the contract."),
  next: z.string(),
});

export const createKey = tool({
  name: "create_key",
  title: "Create a capped key",
  description:
    "Makes an API key that may spend up to limitMicros. The key is written to a file of this " +
    "machine's user and never shown: the answer has its path. With an issuing key or the owner's " +
    "wallet it may spend at once; otherwise the answer says what the owner has to sign.",
  isReadOnly: false,
  input: KeyTerms.extend({
    campaign: Bytes32Input.optional().describe("Of an issuing key that serves several."),
    account: AddressInput.optional().describe("Who shall pay, if the owner has to sign."),
  }),
  output: z.object({
    status: z.enum(["ready", "needs_owner"]),
    spender: Bytes32.describe("The key's hash: allowances are signed for it."),
    keyFile: z.string().describe("The file with the only copy of the key."),
    account: Address,
    limitMicros: Micros,
    allowance: Bytes32.nullable().describe("`null` until the owner signed."),
    campaign: Bytes32.nullable(),
    owner: OwnersPart.nullable().describe("What the owner has to do; `null` if the key is ready."),
  }),
  async run({ campaign, account, ...given }, agent) {
    const terms = allowanceTerms(given);
    checkLimit(terms.limitMicros, agent.maxKeyMicros);
    const key = createApiKey();
    const spender = apiKeySpender(key);
    const file = await writeKeyFile(agent.keyFolder, spender, key);
    try {
      const shared = { spender, keyFile: file.path, limitMicros: terms.limitMicros };
      const made = await make(agent, { key, campaign, terms, periodMonths: given.periodMonths });
      if (made !== null) return { status: "ready", ...shared, ...made, owner: null };
      const payer = account === undefined ? await payerOf(agent) : lowercaseHex(account);
      const owner = await askOwner(agent, { spender, account: payer, given, terms });
      return {
        status: "needs_owner",
        ...shared,
        account: payer,
        allowance: null,
        campaign: null,
        owner: { ...owner, typedData: { ...owner.typedData }, post: { ...owner.post } },
      };
    } catch (error) {
      // After an outage the key may be allowed: its file stays.
      if (isRefused(error)) await file.remove();
      throw error;
    }
  },
});

/** Makes the key count, or returns `null` if only its owner can. */
async function make(
  { issuer, owner, deployment }: Agent,
  {
    key,
    campaign,
    terms,
    periodMonths,
  }: {
    readonly key: string;
    readonly campaign: `0x${string}` | undefined;
    readonly terms: ReturnType<typeof allowanceTerms>;
    readonly periodMonths: number | undefined;
  },
): Promise<MadeKey | null> {
  if (issuer !== null) return await issueKey(issuer, { key, campaign, terms });
  if (owner === null) return null;
  return await signKey(owner, {
    key,
    named: await deployment(),
    terms: { ...terms, periodMonths },
  });
}

/** Whether nothing was applied for sure. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof CreditsError)) return false;
  if (error.status !== null) return error.status < 500;
  return !["server_unreachable", "timed_out", "unexpected_answer"].includes(error.reason);
}
