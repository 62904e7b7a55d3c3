import {
  listIssuingKeys,
  registerIssuingKey,
  revokeIssuingKey,
} from "@compute-credits/api/issuing/issuingKeys";
import { readCounter } from "@compute-credits/client/chain/readCounter";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { createIssuingKey } from "@compute-credits/client/wallet/apiKey";
import { signIssuingKey, signIssuingKeyRevocation } from "@compute-credits/client/wallet/issuing";
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
    const { wallet, deployment } = await context.signing();
    const counter = await readCounter(await context.chain(), walletAccount(wallet).address);
    const made = { option: "--out", path: out, key: createIssuingKey() };
    return await withNewKey(context, made, async (key) => {
      const named = { key, counter, ...(campaign === undefined ? {} : { campaign }) };
      const body = await signIssuingKey(wallet, deployment, named);
      return show({ ...(await context.publicApi.call(registerIssuingKey, { body })), file: out });
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
    return show(await context.api.call(listIssuingKeys, { params: { address } }));
  },
});

/** Requests at most: each revokes thousands of grants. */
const MOST_PARTS = 1_000;

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
    const { wallet, deployment } = await context.signing();
    const body = await signIssuingKeyRevocation(wallet, deployment, { keyHash, revokesGrants });
    let revokedGrants = 0;
    for (let part = 0; part < MOST_PARTS; part++) {
      // oxlint-disable-next-line no-await-in-loop -- each part after the one before
      const answer = await context.publicApi.call(revokeIssuingKey, { params: { keyHash }, body });
      revokedGrants += answer.revokedGrants;
      if (!answer.hasMore) return show({ ...answer, revokedGrants });
    }
    throw new Error(`it still has grants after ${MOST_PARTS} parts`);
  },
});
