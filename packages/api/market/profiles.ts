import { z } from "zod";

import { AddressField, SecondsField, SignatureField } from "@compute-credits/protocol/json/fields";
import { ProfileFields } from "@compute-credits/protocol/json/profile";
import { AddressText, HexText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const IN_OWN_WORDS = "In the provider's own words: text, and never markup.";

/** What a provider says of itself, as answers have it. */
export const profileFields = {
  provider: AddressText,
  name: z.string().describe(IN_OWN_WORDS),
  endpoints: z.array(z.string()).describe("https URLs of the provider; nobody checked them."),
  regions: z.array(z.string()),
  hardware: z.array(z.string()).describe(IN_OWN_WORDS),
  terms: z.string().nullable().describe("An https URL of the provider's terms."),
  issuedAt: UintText.describe("Seconds since 1970, as the provider signed it: the version."),
};

const Profile = z
  .object({
    ...profileFields,
    listed: z.boolean().describe("Whether the market shows the provider."),
    approved: z.boolean().describe("Whether it may charge here; the market shows no others."),
    signature: HexText.describe("The provider's, of `ProviderProfile`; `terms` is empty for none."),
    publishedAt: TimeText,
  })
  .meta({ id: "Profile" });

export const publishProfile = route({
  id: "publishProfile",
  weight: "sensitive",
  method: "post",
  path: "/v1/profiles",
  tag: "market",
  summary: "A provider says who it is, for the market",
  description:
    "`signature` is the provider's of `ProviderProfile` (EIP-712). The profile with the latest " +
    "`issuedAt` is in force; an older one replaces nothing. With `listed: false` the market does " +
    "not show the provider.",
  callers: ["signer"],
  body: z.strictObject({
    provider: AddressField,
    ...ProfileFields,
    issuedAt: SecondsField,
    signature: SignatureField,
  }),
  exampleBody: {
    provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    name: "North GPU",
    endpoints: ["https://gpu.example/v1"],
    regions: ["eu-north-1"],
    hardware: ["8 x H100 SXM"],
    terms: "https://gpu.example/terms",
    issuedAt: "1785585600",
    signature: `0x${"00".repeat(65)}`,
  },
  answers: { 200: { description: "The profile in force.", schema: Profile } },
  reasons: ["provider_not_approved", "times_out_of_range", "stale_profile", "market_full"],
});

export const getProfile = route({
  id: "getProfile",
  method: "get",
  path: "/v1/profiles/{provider}",
  tag: "market",
  summary: "What a provider says of itself, signed",
  callers: ["anyone"],
  params: z.strictObject({ provider: AddressField }),
  answers: { 200: { description: "The profile in force.", schema: Profile } },
  reasons: ["profile_not_found"],
});
