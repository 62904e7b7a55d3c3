import type { z } from "zod";

import type { Limits as LimitsSchema } from "@compute-credits/api/deployment/limits";

/** The bounds of requests and of what they store, as docs/settings.md explains each. */
export type Limits = Readonly<z.output<typeof LimitsSchema>>;
