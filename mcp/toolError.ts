import type { CallToolResult } from "@modelcontextprotocol/server";
import { z } from "zod";

import { CreditsError, type Shortage } from "@compute-credits/client";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { plain } from "./plain.ts";

/** What a tool answers if it did not do what it was asked, as JSON. */
interface Refusal {
  /** stable: programs branch on it */
  readonly reason: string;
  readonly message: string;
  /** what to do */
  readonly next: string;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** after a 402: what is missing, and how to buy it */
  readonly shortage?: Shortage;
}

/** More mistakes of one input are not listed. */
const MOST_ERRORS = 20;

/** Makes the answer of a failed tool. */
export function toolError(refusal: Refusal): CallToolResult {
  return { content: [{ type: "text", text: jsonText(plain(refusal)) }], isError: true };
}

/** What is told of a bug: its details may be anything. */
export const FAILED: Refusal = {
  reason: "mcp_server_failed",
  message: "The MCP server failed at this call.",
  next: "Call it again; if it fails again, tell the user: the server's error stream says why.",
};

/** What went wrong, as the tool answers it; `null` for a bug. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof z.ZodError) {
    return {
      reason: "invalid_input",
      message: "The tool's input is wrong; nothing was asked of the server.",
      next: "Correct the fields that `errors` names: see the tool's input schema.",
      errors: error.issues.slice(0, MOST_ERRORS).map(({ path, message }) => ({
        field: path.map(String).join(".").slice(0, 128),
        message: message.slice(0, 256),
      })),
    };
  }
  if (error instanceof CreditsError) {
    const { reason, message, next, status, retryAfterMs, shortage } = error;
    return {
      reason,
      message,
      next: next ?? "See `message`.",
      ...(status === null ? {} : { status }),
      ...(retryAfterMs === null ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
      ...(shortage === null ? {} : { shortage }),
    };
  }
  return null;
}
