import { z } from "zod";

import { claimAccess } from "@compute-credits/client/providers/claimAccess";
import { revokeAccess } from "@compute-credits/client/providers/revokeAccess";
import { signProviderAccess } from "@compute-credits/client/wallet/providerAccess";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { AddressField, SignatureField } from "@compute-credits/protocol/json/fields";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { CUSTOMER, customerKey } from "../context/customer.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import { reserveSecretFile } from "../context/secretFile.ts";
import { ADDRESS, FILE, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

/** As the verb access give writes it. */
const Access = z.strictObject({ spender: AddressField, signature: SignatureField });

export const claimAccessVerb = verb({
  name: "access claim",
  reader: "provider",
  summary: "Shows the server that a customer chose you",
  details:
    "With the customer's API key, or with --access: the file in which a customer's wallet signed it " +
    "(verb access give). From then on you may charge it by --spender.",
  examples: [
    "access claim --customer-key-file agent.key --bearer-file provider.key",
    "access claim --access access.json --bearer-file provider.key",
  ],
  asks: null,
  options: {
    customerKeyFile: CUSTOMER.customerKeyFile,
    access: optional(FILE, "what a customer's wallet signed, in place of a key"),
  },
  async run(context, { customerKeyFile, access }) {
    if (access !== undefined) {
      if (customerKeyFile !== undefined) {
        throw new UsageError("Give one of --customer-key-file and --access.");
      }
      return show(await claimAccess(context.api, await readJsonFile("--access", access, Access)));
    }
    const apiKey = (await customerKey(context, { customerKeyFile })) ?? "";
    return show(await claimAccess(context.api, { apiKey }));
  },
});

export const giveAccessVerb = verb({
  name: "access give",
  reader: "user",
  summary: "Lets a provider charge this wallet, by its signature",
  details:
    "Writes what the wallet signed to a new file: hand it to the provider, which shows it to the " +
    "server (verb access claim). It is paid by accounts that the wallet accepted. The holder of an " +
    "API key hands over the key instead.",
  examples: ["access give --provider 0x… --out access.json --key-file ~/wallet.key"],
  asks: "permits",
  options: {
    provider: required(ADDRESS, "which provider"),
    out: required(FILE, "a new file for the provider"),
  },
  async run(context, { provider, out }) {
    const { wallet, deployment } = await context.signing();
    const file = await reserveSecretFile("--out", out);
    try {
      const access = await signProviderAccess(wallet, deployment, provider);
      await file.keep(jsonText(access));
      return show({ provider, spender: access.spender, file: out });
    } finally {
      await file.close();
    }
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
      const by = { apiKey: bearer };
      return show(await revokeAccess(context.publicApi, { provider, by }));
    }
    const by = await context.signing();
    return show(await revokeAccess(context.publicApi, { provider, by }));
  },
});
