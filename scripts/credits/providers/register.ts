import { getProviderApproval } from "@compute-credits/api/providers/approvals";
import { registerProviderKey } from "@compute-credits/api/providers/providerKeys";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { withNewKey } from "../context/newKey.ts";
import { ADDRESS, FILE, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const registerVerb = verb({
  name: "register",
  reader: "provider",
  summary: "Makes a key with which your servers charge",
  details:
    "An operator approves a provider first: see the verb approval. The file has the key's only " +
    "copy. Give it to the verbs charge, hold and card as --bearer-file. Again for each further key.",
  examples: ["register --out provider.key --key-file ~/wallet.key"],
  asks: null,
  options: { out: required(FILE, "a new file for the key") },
  async run(context, { out }) {
    const { wallet, deployment } = await context.signing();
    const account = walletAccount(wallet);
    const provider = lowercaseHex(account.address);
    const params = { address: provider };
    const { approved } = await context.publicApi.call(getProviderApproval, { params });
    if (!approved) {
      throw new UsageError(
        `No operator of ${context.server} has approved ${provider} yet: ask one to (verb approve).`,
      );
    }
    const made = { option: "--out", path: out, key: createProviderKey() };
    return await withNewKey(made, async (key) => {
      const message = { provider, keyHash: apiKeySpender(key) };
      const typedData = providerKeyTypedData(deployment, message);
      const signature = await wallet.signTypedData({ account, ...typedData });
      const body = { ...message, signature };
      return show({ ...(await context.publicApi.call(registerProviderKey, { body })), file: out });
    });
  },
});

export const approvalVerb = verb({
  name: "approval",
  reader: "provider",
  summary: "Shows whether a provider may charge here",
  examples: ["approval --provider 0x…", "approval --wallet provider"],
  asks: null,
  options: { provider: optional(ADDRESS, "in place of the wallet or of the key's provider") },
  async run(context, { provider }) {
    const params = { address: await context.party(provider) };
    return show(await context.publicApi.call(getProviderApproval, { params }));
  },
});
