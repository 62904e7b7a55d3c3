import { LABEL_CHARACTERS, MAX_OVERLAP_SECONDS } from "@compute-credits/api/bounds";
import { labelKey } from "@compute-credits/client/keys/labelKey";
import { readKeys } from "@compute-credits/client/keys/readKeys";
import { revokeKey } from "@compute-credits/client/keys/revokeKey";
import { rotateKey } from "@compute-credits/client/keys/rotateKey";
import { ID, TEXT, count, required, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const keyHash = required(ID, "its hash, as the list has it");

export const listKeysVerb = verb({
  name: "keys list",
  reader: "provider",
  summary: "Lists the wallet's keys of all kinds",
  examples: ["keys list --wallet provider"],
  asks: null,
  options: {},
  run: async (context) => show({ keys: await context.withSession((api) => readKeys(api)) }),
});

export const labelKeyVerb = verb({
  name: "keys label",
  reader: "provider",
  summary: "Names a key for lists",
  examples: ['keys label --key-hash 0x… --label "node 3" --wallet provider'],
  asks: null,
  options: {
    keyHash,
    label: required(TEXT, `up to ${LABEL_CHARACTERS.key} characters`),
  },
  run: async (context, named) => show(await context.withSession((api) => labelKey(api, named))),
});

export const replaceKeyVerb = verb({
  name: "keys replace",
  reader: "provider",
  summary: "Lets a key end after an overlap with its successor",
  examples: ["keys replace --key-hash 0x… --by 0x… --overlap 3600 --wallet provider"],
  asks: "lasts",
  options: {
    keyHash,
    by: required(ID, "the hash of the new key, of the same kind"),
    overlap: withDefault(count(0, MAX_OVERLAP_SECONDS), "seconds for which both work", "86400"),
  },
  async run(context, { keyHash: hash, by, overlap: overlapSeconds }) {
    await context.confirmRequest(`Lets the key ${hash} end in ${overlapSeconds} seconds.`);
    const named = { keyHash: hash, by, overlapSeconds };
    return show(await context.withSession((api) => rotateKey(api, named)));
  },
});

export const revokeKeyVerb = verb({
  name: "keys revoke",
  reader: "provider",
  summary: "Ends one of the wallet's keys, at once",
  examples: ["keys revoke --key-hash 0x… --wallet provider"],
  asks: "lasts",
  options: { keyHash },
  async run(context, { keyHash: hash }) {
    await context.confirmRequest(`Ends the key ${hash} for good.`);
    return show(await context.withSession((api) => revokeKey(api, { keyHash: hash })));
  },
});
