import { z } from "zod";

import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";

/** The server prices more at once; a table of more lines helps no one. */
export const MOST_LINES = 20;

const Line = z.strictObject({
  meter: MeterName,
  dimensions: Dimensions.default({}),
  quantity: z.int().min(1).max(1_000_000_000_000),
});

/** One line of a basket of work, such as 3,600 `gpu.seconds` of an H100. */
export type BasketLine = z.output<typeof Line>;

const Search = z.object({
  basket: z.array(Line).min(1).max(MOST_LINES).optional().catch(undefined),
});

/** The basket in the URL of `/prices`. What cannot be read counts as absent. */
export const basketSearch = (search: unknown): { basket?: BasketLine[] | undefined } =>
  Search.parse(search);
