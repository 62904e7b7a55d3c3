import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";

import { addMeterKey } from "@compute-credits/client/evidence/addMeterKey";
import { readMeterKeys } from "@compute-credits/client/evidence/readMeterKeys";
import { revokeMeterKey } from "@compute-credits/client/evidence/revokeMeterKey";
import { withNewKey } from "../context/newKey.ts";
import { ADDRESS, FILE, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const createMeterKeyVerb = verb({
  name: "meter-keys create",
  reader: "provider",
  summary: "Makes a key with which a meter signs evidence",
  details:
    "It charges nobody. The file has its only copy: give it to the meter, as docs/evidence.md has it.",
  examples: ["meter-keys create --out meter.key --key-file ~/wallet.key"],
  asks: null,
  options: { out: required(FILE, "a new file for the key") },
  async run(context, { out }) {
    const signing = await context.signing();
    const made = { option: "--out", path: out, key: generatePrivateKey() };
    const added = await withNewKey(context, made, () =>
      addMeterKey(context.publicApi, signing, { meterKey: privateKeyToAddress(made.key) }),
    );
    return show({ ...added, file: out });
  },
});

export const listMeterKeysVerb = verb({
  name: "meter-keys list",
  reader: "provider",
  summary: "Lists a provider's meter keys, revoked ones included",
  examples: ["meter-keys list --provider 0x…"],
  asks: null,
  options: { provider: optional(ADDRESS, "in place of the wallet or of the key's provider") },
  async run(context, { provider: given }) {
    const provider = await context.party(given);
    return show({ meterKeys: await readMeterKeys(context.publicApi, { provider }) });
  },
});

export const revokeMeterKeyVerb = verb({
  name: "meter-keys revoke",
  reader: "provider",
  summary: "Ends a meter's key for good",
  examples: ["meter-keys revoke --meter-key 0x… --key-file ~/wallet.key"],
  asks: "lasts",
  options: { meterKey: required(ADDRESS, "its address, as the list has it") },
  async run(context, { meterKey }) {
    const signing = await context.signing();
    return show(await revokeMeterKey(context.publicApi, signing, { meterKey }));
  },
});
