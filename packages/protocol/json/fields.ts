import { z } from "zod";

import { ADDRESS_FORM, parseAddress } from "../address.ts";
import { lowercaseHex } from "../hex.ts";
import { walletSpender } from "../messages/spender.ts";
import { LAST_MS, LAST_SECOND } from "../times.ts";

/**
 * The fields of JSON bodies, in requests, answers and logs. Objects built from them refuse unknown
 * fields (`z.strictObject`): a misspelt name must not pass as an absent one.
 */

/** An address in lower case, or in mixed case with a valid checksum. Becomes lower case. */
export const AddressField = z
  .string()
  .meta({ pattern: "^0x[0-9a-fA-F]{40}$" })
  .refine((text) => parseAddress(text) !== null, `must be ${ADDRESS_FORM}`)
  .transform(lowercaseHex);

export const Bytes32Field = hexField(
  /^0x[0-9a-fA-F]{64}$/,
  "must be 32 bytes: 0x and 64 hex digits",
);

/** At most 8 KiB: longer than any signature that ERC-1271 wallets make today. */
export const SignatureField = hexField(
  /^0x(?:[0-9a-fA-F]{2}){1,8192}$/,
  "must be a signature: 0x and an even number of hex digits",
);

/** A whole number as digits in a string, or as a JSON number up to 2^53. Becomes a `bigint`. */
export function uintField(bits: 8 | 63 | 64 | 256) {
  const most = 2n ** BigInt(bits) - 1n;
  return z
    .union(
      [z.string().regex(/^\d{1,78}$/), z.int().min(0)],
      "must be a whole number from 0: digits in a string, or a JSON number up to 2^53",
    )
    .transform(BigInt)
    .refine((value) => value <= most, `must be at most ${most}`);
}

/** Seconds since 1970, to the end of the year 9999; as `uintField`. Becomes a `bigint`. */
export const SecondsField = uintField(63).refine(
  (seconds) => seconds <= LAST_SECOND,
  `must be in seconds, not milliseconds: at most ${LAST_SECOND}`,
);

/**
 * ISO 8601 with a time zone, from 1970 to the end of 9999 in UTC. Becomes a `Date`. PostgreSQL has
 * no year 0, and ISO 8601 writes years after 9999 in another way.
 */
export const TimeField = z.iso
  .datetime({ offset: true, error: "must be a time with its zone, like 2026-01-31T12:00:00Z" })
  .transform((text) => new Date(text))
  .refine(
    (time) => time.getTime() >= 0 && time.getTime() <= LAST_MS,
    "must be from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
  );

/** A wallet's address, or the 32 bytes that name a spender in allowances. Becomes the 32 bytes. */
export const SpenderField = z.union(
  [Bytes32Field, AddressField.transform(walletSpender)],
  "must be a spender: a wallet's address, or the 32 bytes that allowances name",
);

/** The secret text of an API key. Its hash is the spender, or the provider's key. */
export const ApiKeyField = z.string().min(16).max(256);

/** Unique among the events of one provider. */
export const EventIdField = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without spaces");

/** An answer names no more; the items after the last of these are not looked at. */
const MOST_WRONG_FIELDS = 20;

/** The items of each `boundedList`, by the list's schema, which does not show them. */
const itemsOfLists = new WeakMap<z.core.$ZodType, z.ZodType>();

/** The schema of a `boundedList`'s items, for documents; `undefined` if it is another schema. */
export function boundedListItems(list: z.core.$ZodType): z.ZodType | undefined {
  return itemsOfLists.get(list);
}

/**
 * A list of at most `most` items. Its length is checked first, and the items up to the first wrong
 * ones: a list of millions of wrong items costs nothing, and is one error instead of millions.
 */
export function boundedList<Item extends z.ZodType>(item: Item, most: number) {
  const list = z.array(z.unknown()).max(most, `must have at most ${most} items`);
  itemsOfLists.set(list, item);
  return list.transform((values, context): z.output<Item>[] => {
    const items: z.output<Item>[] = [];
    let wrong = 0;
    for (const [index, value] of values.entries()) {
      const parsed = item.safeParse(value);
      if (parsed.success) items.push(parsed.data);
      else {
        for (const { message, path } of parsed.error.issues) {
          context.addIssue({ code: "custom", message, path: [index, ...path] });
          if (++wrong === MOST_WRONG_FIELDS) return items;
        }
      }
    }
    return items;
  });
}

function hexField(pattern: RegExp, message: string) {
  return z.string().regex(pattern, message).transform(lowercaseHex);
}
