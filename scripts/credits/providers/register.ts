import { getProviderApproval } from "@compute-credits/api/providers/approvals";
import { addProviderKey } from "@compute-credits/client/providers/addProviderKey";
import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
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
    const signing = await context.signing();
    const made = { option: "--out", path: out, key: createProviderKey() };
    const { key: _, ...added } = await withNewKey(context, made, (key) =>
      addProviderKey(context.publicApi, signing, { key }),
    );
    return show({ ...added, file: out });
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
