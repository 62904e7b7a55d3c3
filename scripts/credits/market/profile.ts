import { z } from "zod";

import { publishProfile } from "@compute-credits/client/market/publishProfile";
import { readProfile } from "@compute-credits/client/market/readProfile";
import { ProfileFields } from "@compute-credits/protocol/json/profile";
import { readJsonFile } from "../context/jsonFile.ts";
import { ADDRESS, FILE, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

/** A provider publishes them for everyone. */
export function urlsOf({
  endpoints,
  terms,
}: {
  readonly endpoints: readonly string[];
  readonly terms: string | null;
}): readonly string[] {
  return terms === null ? endpoints : [...endpoints, terms];
}

const Profile = z.strictObject(ProfileFields);

export const publishProfileVerb = verb({
  name: "profile publish",
  reader: "provider",
  summary: "Says who you are, for the market",
  details:
    'The file has JSON like {"name": "North GPU", "endpoints": ["https://gpu.example/v1"], ' +
    '"regions": ["eu-north-1"], "hardware": ["8 x H100 SXM"], "terms": "https://gpu.example/terms"}. ' +
    'Again to replace it; with "listed": false the market does not show you.',
  examples: ["profile publish --file profile.json --key-file ~/wallet.key"],
  asks: null,
  options: { file: required(FILE, "the profile as JSON, as docs/market.md has it") },
  async run(context, { file }) {
    const profile = await readJsonFile("--file", file, Profile);
    context.showUrls(urlsOf(profile));
    return show(await publishProfile(context.publicApi, await context.signing(), profile));
  },
});

export const showProfileVerb = verb({
  name: "profile show",
  reader: "provider",
  summary: "Shows what a provider says of itself",
  examples: ["profile show --provider 0x…"],
  asks: null,
  options: { provider: optional(ADDRESS, "in place of the wallet or of the key's provider") },
  async run(context, { provider }) {
    const party = await context.party(provider);
    const profile = await readProfile(context.publicApi, { provider: party });
    context.showUrls(urlsOf(profile));
    return show(profile);
  },
});
