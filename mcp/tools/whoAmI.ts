import { z } from "zod";

import { type Api, readMe } from "@compute-credits/client";
import { Address, Bytes32 } from "../fields.ts";
import { tool } from "../tool.ts";

const Credential = z.object({
  credential: z.enum(["api_key", "view_key", "owner_wallet", "issuing_key"]),
  kind: z.string(),
  spender: Bytes32.nullable().describe("Of an API key: what allowances are signed for."),
  account: Address.nullable().describe("Whose credits it reads, issues or signs for."),
  campaign: Bytes32.nullable().describe("The only campaign of an issuing key; `null` for any."),
  rights: z.array(z.string()).describe("What the server lets it do."),
});

export const whoAmI = tool({
  name: "who_am_i",
  title: "Who am I",
  description:
    "Tells which keys this agent has, what each may do, and of which server, chain and contract.",
  input: z.strictObject({}),
  output: z.object({
    server: z.string(),
    chainId: z.int(),
    contract: Address,
    credentials: z.array(Credential),
    newKeys: z
      .enum(["issuing_key", "owner_wallet", "asks_owner"])
      .describe("How create_key makes a key: by itself, or with the owner's signature."),
  }),
  async run(_input, agent) {
    const { serverUrl, spender, reader, issuer, owner } = agent;
    const [deployment, ...credentials] = await Promise.all([
      agent.deployment(),
      ...(spender === null ? [] : [shown("api_key", spender.api)]),
      ...(reader === null ? [] : [shown(reader.credential, reader.api)]),
      ...(issuer === null ? [] : [shown("issuing_key", issuer)]),
    ]);
    return {
      server: serverUrl,
      ...deployment,
      credentials,
      newKeys: issuer !== null ? "issuing_key" : owner === null ? "asks_owner" : "owner_wallet",
    };
  },
});

type CredentialName = z.infer<typeof Credential>["credential"];

async function shown(credential: CredentialName, api: Api) {
  const me = await readMe(api);
  const campaign = me.kind === "issuingKey" && BigInt(me.campaign) !== 0n ? me.campaign : null;
  return {
    credential,
    kind: me.kind,
    spender: me.kind === "spenderKey" ? me.spender : null,
    account: "account" in me ? me.account : "address" in me ? me.address : null,
    campaign,
    rights: me.rights,
  };
}
