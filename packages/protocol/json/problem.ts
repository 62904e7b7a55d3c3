import { z } from "zod";

/** What every problem document (RFC 9457) of a metering server has; more fields go with a reason. */
export const ProblemJson = z.object({ reason: z.string(), detail: z.string() });
