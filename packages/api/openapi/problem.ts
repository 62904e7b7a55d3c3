import { z } from "zod";

export const PROBLEM_TYPE = "application/problem+json";

/** A refusal (RFC 9457). Some reasons come with more fields. */
export const Problem = z
  .looseObject({
    type: z.string().describe("A URN that names the reason."),
    title: z.string().describe("The status in words."),
    status: z.int().min(400).max(599),
    reason: z
      .string()
      .regex(/^[a-z_]+$/)
      .describe("Stable: programs branch on it. docs/reasons.md explains each."),
    detail: z.string().describe("What is wrong, and what to do next."),
  })
  .meta({ id: "Problem" });
