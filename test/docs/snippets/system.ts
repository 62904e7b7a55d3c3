import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";

/** What the pages are tried on, as `npm start` would start it. */
export const SystemJson = z.object({ server: z.url(), rpc: z.url(), contract: AddressField });

export type System = z.output<typeof SystemJson>;
