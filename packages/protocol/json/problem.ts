import { z } from "zod";

/** The fields of every problem document (RFC 9457); some reasons come with more. */
export const ProblemJson = z.object({ reason: z.string(), detail: z.string() });
