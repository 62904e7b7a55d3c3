import { z } from "zod";

import { boundedList } from "./fields.ts";

/** Bounds of a provider's profile, the same on every server. docs/limits.md is made from these. */
export const PROFILE = {
  nameCharacters: { most: 80, of: "characters of a profile's name" },
  urlCharacters: { most: 256, of: "characters of a profile's URL" },
  endpoints: { most: 8, of: "endpoints of a profile" },
  regions: { most: 16, of: "regions of a profile" },
  hardware: { most: 32, of: "lines of hardware of a profile" },
  hardwareCharacters: { most: 100, of: "characters of such a line" },
} as const;

/**
 * Text of a stranger, for people. No control characters, invisible ones or changes of direction,
 * which make a text look like another one; and no angle brackets, so that a page that forgets to
 * escape it still shows text.
 */
function plainText(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .regex(
      /^[^\p{C}\p{Zl}\p{Zp}<>]*$/u,
      "must be plain text: no control or invisible characters, and neither < nor >",
    )
    .refine((text) => text === text.trim(), "must not begin or end with a space")
    .refine((text) => text === text.normalize("NFC"), "must be in Unicode's form NFC")
    .refine((text) => !/\p{M}{3}/u.test(text), "must not stack three marks on one letter");
}

/**
 * An https URL as browsers write it, in ASCII and without a name, a password, a query or a fragment.
 * A host has a dot and ends in letters: it is no number, and not this machine.
 */
export const HttpsUrl = z
  .string()
  .max(PROFILE.urlCharacters.most)
  .refine(
    isPlainHttpsUrl,
    "must be an https URL like https://gpu.example/v1, as browsers write it, without a query",
  );

const HTTPS_URL =
  /^https:\/\/(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})(?::[1-9]\d{0,4})?(?:\/[A-Za-z0-9._~%+@=-]*)+$/;

function isPlainHttpsUrl(text: string): boolean {
  return HTTPS_URL.test(text) && URL.parse(text)?.href === text;
}

/** Such as `eu-west-1`. */
export const RegionName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/,
    "must be a name like eu-west-1: at most 32 lower-case letters, digits and dashes",
  );

/** The fields of a profile, as its wallet signs them, apart from who and when. */
export const ProfileFields = {
  name: plainText(PROFILE.nameCharacters.most),
  endpoints: distinct(HttpsUrl, PROFILE.endpoints.most).default([]),
  regions: distinct(RegionName, PROFILE.regions.most).default([]),
  hardware: distinct(plainText(PROFILE.hardwareCharacters.most), PROFILE.hardware.most).default([]),
  terms: HttpsUrl.nullable().default(null),
  listed: z.boolean().default(true),
};

function distinct<Item extends z.ZodType<string>>(item: Item, most: number) {
  return boundedList(item, most).refine(
    (list) => new Set(list).size === list.length,
    "must not name the same twice",
  );
}
