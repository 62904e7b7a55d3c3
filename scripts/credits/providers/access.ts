import { revokeProviderAccess } from "@compute-credits/api/providers/providerAccess";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { claimAccess } from "@compute-credits/client/providers/claimAccess";
import { CUSTOMER, customerKey } from "../context/customer.ts";
import { ADDRESS, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const claimAccessVerb = verb({
  name: "access claim",
  reader: "provider",
  summary: "Shows the server that a customer chose you",
  details: "With the customer's API key. From then on you may charge it by --spender.",
  examples: ["access claim --customer-key-file agent.key --bearer-file provider.key"],
  asks: null,
  options: { customerKeyFile: CUSTOMER.customerKeyFile },
  async run(context, { customerKeyFile }) {
    const apiKey = (await customerKey(context, { customerKeyFile })) ?? "";
    return show(await claimAccess(context.api, { apiKey }));
  },
});

export const revokeAccessVerb = verb({
  name: "access revoke",
  reader: "user",
  summary: "Ends a provider's access to a spender for good",
  details:
    "The spender is the API key in --bearer-file, or the wallet. Open holds can still be captured.",
  examples: ["access revoke --provider 0x… --bearer-file agent.key --yes"],
  asks: "lasts",
  options: { provider: required(ADDRESS, "which provider") },
  async run(context, { provider }) {
    const { bearer } = context.keys;
    if (bearer !== null) {
      await context.confirmRequest(`Ends the access of ${provider} to this API key for good.`);
      const body = { provider, apiKey: bearer };
      return show(await context.publicApi.call(revokeProviderAccess, { body }));
    }
    const { wallet, deployment } = await context.signing();
    const account = walletAccount(wallet);
    const message = { spender: account.address, provider };
    const typedData = providerAccessRevocationTypedData(deployment, message);
    const body = { ...message, signature: await wallet.signTypedData({ account, ...typedData }) };
    return show(await context.publicApi.call(revokeProviderAccess, { body }));
  },
});
