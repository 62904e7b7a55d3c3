import { z } from "zod";

import { AddressField, Bytes32Field } from "@compute-credits/protocol/json/fields";
import { MeterName } from "@compute-credits/protocol/json/names";

/** What sums are by. */
export const GROUPINGS = ["meter", "day", "provider", "spender", "allowance"] as const;

/** Days back from now; the API sums up to a year. */
export const DAYS = [7, 31, 90, 366] as const;

const Search = z.object({
  by: z.enum(GROUPINGS).optional().catch(undefined),
  days: z.literal(DAYS).optional().catch(undefined),
  /** of the events that are listed */
  meter: MeterName.optional().catch(undefined),
  spender: Bytes32Field.optional().catch(undefined),
  day: z.iso.date().optional().catch(undefined),
  /** the event that is explained */
  provider: AddressField.optional().catch(undefined),
  event: z.string().max(128).optional().catch(undefined),
});

export type UsageSearch = z.output<typeof Search>;

/** The filters in the URL of `/usage`. What cannot be read counts as absent. */
export const usageSearch = (search: unknown): UsageSearch => Search.parse(search);
