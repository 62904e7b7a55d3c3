import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { addViewKey } from "@compute-credits/client/keys/addViewKey";
import { readKeys } from "@compute-credits/client/keys/readKeys";
import { revokeViewKey } from "@compute-credits/client/keys/revokeViewKey";
import { createViewKey } from "@compute-credits/client/wallet/apiKey";
import { withNewKey } from "../context/newKey.ts";
import { FILE, ID, TEXT, TIME, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { secondsOf } from "../allowances/seconds.ts";

export const createViewKeyVerb = verb({
  name: "view-keys create",
  reader: "user",
  summary: "Makes a key that reads the account",
  details: "For an accountant or a watchtower: it reads what the owner reads, and changes nothing.",
  examples: [
    "view-keys create --expires 2027-01-31 --label accountant --out view.key --wallet alice",
  ],
  asks: "permits",
  options: {
    expires: required(TIME, "it ends then, at most 366 days ahead"),
    out: required(FILE, "a new file for the key"),
    label: optional(TEXT, "a name for lists"),
  },
  async run(context, { expires, out, label }) {
    const by = await context.signing();
    const account = walletAccount(by.wallet).address;
    const named = { account, expiresAt: secondsOf(expires), by, ...(label && { label }) };
    const made = { option: "--out", path: out, key: createViewKey() };
    const { key: _, ...added } = await withNewKey(context, made, (key) =>
      addViewKey(context.publicApi, { ...named, key }),
    );
    return show({ ...added, file: out });
  },
});

export const listViewKeysVerb = verb({
  name: "view-keys list",
  reader: "user",
  summary: "Lists the wallet's view keys, by their hashes",
  examples: ["view-keys list --wallet alice"],
  asks: null,
  options: {},
  async run(context) {
    const viewKeys = await context.withSession((api) => readKeys(api, { kind: "view" }));
    return show({ viewKeys });
  },
});

export const revokeViewKeyVerb = verb({
  name: "view-keys revoke",
  reader: "user",
  summary: "Ends a view key for good",
  examples: ["view-keys revoke --key-hash 0x… --wallet alice"],
  asks: "lasts",
  options: { keyHash: required(ID, "its hash, as the list has it") },
  async run(context, { keyHash }) {
    const signing = await context.signing();
    return show(await revokeViewKey(context.publicApi, signing, { keyHash }));
  },
});
