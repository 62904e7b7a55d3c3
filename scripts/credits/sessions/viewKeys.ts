import { addViewKey, revokeViewKey } from "@compute-credits/api/keys/viewKeys";
import { listKeys } from "@compute-credits/api/keys/keys";
import { createViewKey } from "@compute-credits/client/wallet/apiKey";
import { signViewKey, signViewKeyRevocation } from "@compute-credits/client/wallet/viewKey";
import { withNewKey } from "../context/newKey.ts";
import { FILE, ID, TEXT, TIME, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
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
    const { wallet, deployment } = await context.signing();
    const made = { option: "--out", path: out, key: createViewKey() };
    return await withNewKey(made, async (key) => {
      const signed = await signViewKey(wallet, deployment, { key, expiresAt: secondsOf(expires) });
      const body = { ...signed, ...(label === undefined ? {} : { label }) };
      return show({ ...(await context.publicApi.call(addViewKey, { body })), file: out });
    });
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
    const { keys } = await context.withSession((api) => api.call(listKeys, {}));
    const viewKeys = keys.filter(({ kind }) => kind === "view");
    return show({ viewKeys }, humanLines({ viewKeys }));
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
    const { wallet, deployment } = await context.signing();
    const body = await signViewKeyRevocation(wallet, deployment, keyHash);
    return show(await context.publicApi.call(revokeViewKey, { params: { keyHash }, body }));
  },
});
