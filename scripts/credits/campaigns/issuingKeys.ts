import { addIssuingKey } from "@compute-credits/client/campaigns/addIssuingKey";
import { readIssuingKeys } from "@compute-credits/client/campaigns/readIssuingKeys";
import { revokeIssuingKey } from "@compute-credits/client/campaigns/revokeIssuingKey";
import { readCounter } from "@compute-credits/client/chain/readCounter";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { createIssuingKey } from "@compute-credits/client/wallet/apiKey";
import { withNewKey } from "../context/newKey.ts";
import { ADDRESS, FILE, ID, flag, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const createIssuingKeyVerb = verb({
  name: "issuing-keys create",
  reader: "user",
  summary: "Makes a key that issues grants and codes",
  examples: ["issuing-keys create --campaign 0x… --out issuing.key --key-file ~/wallet.key"],
  asks: "permits",
  options: {
    out: required(FILE, "a new file for the key"),
    campaign: optional(ID, "the only campaign that it may issue from; all if absent"),
  },
  async run(context, { out, campaign }) {
    const signing = await context.signing();
    const counter = await readCounter(await context.chain(), walletAccount(signing.wallet).address);
    const made = { option: "--out", path: out, key: createIssuingKey() };
    return await withNewKey(context, made, async (key) => {
      const named = { key, counter, ...(campaign === undefined ? {} : { campaign }) };
      const { key: _, ...added } = await addIssuingKey(context.publicApi, signing, named);
      return show({ ...added, file: out });
    });
  },
});

export const listIssuingKeysVerb = verb({
  name: "issuing-keys list",
  reader: "user",
  summary: "Lists the account's issuing keys, by their hashes",
  examples: ["issuing-keys list --wallet alice"],
  asks: null,
  options: { account: optional(ADDRESS, "in place of the wallet or of the key's account") },
  async run(context, { account }) {
    const address = await context.party(account);
    return show({ issuingKeys: await readIssuingKeys(context.api, { account: address }) });
  },
});

export const revokeIssuingKeyVerb = verb({
  name: "issuing-keys revoke",
  reader: "user",
  summary: "Ends an issuing key, and what it issued",
  examples: ["issuing-keys revoke --key-hash 0x… --with-grants --key-file ~/wallet.key"],
  asks: "lasts",
  options: {
    keyHash: required(ID, "its hash, as the list has it"),
    withGrants: flag("ends every grant that it issued, too"),
  },
  async run(context, { keyHash, withGrants: revokesGrants }) {
    const signing = await context.signing();
    return show(await revokeIssuingKey(context.publicApi, signing, { keyHash, revokesGrants }));
  },
});
