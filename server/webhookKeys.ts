import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { makeFolderSync } from "@compute-credits/platform/process/makeFolder";

const KEY_BYTES = 32;

/** More keys than anyone rotates through. */
const MOST_KEYS = 16;

/**
 * Reads the keys that webhooks' secrets are encrypted with, one a line. The first encrypts; the
 * others still decrypt what they encrypted. Without a file there are none.
 */
export function readWebhookKeys(
  file: string | undefined,
): { readonly keys: readonly Buffer[] } | { readonly mistake: string } {
  if (file === undefined) return { keys: [] };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {
      mistake: `WEBHOOK_KEY_FILE cannot be read: is ${file} there, and this user's to read?`,
    };
  }
  const lines = text.split(/\s+/).filter((line) => line !== "");
  const isUsable = lines.length > 0 && lines.length <= MOST_KEYS && lines.every(isKey);
  return isUsable
    ? { keys: lines.map((line) => Buffer.from(line, "hex")) }
    : {
        mistake:
          `WEBHOOK_KEY_FILE must have 1 to ${MOST_KEYS} lines of 64 hex digits: ` +
          "openssl rand -hex 32 makes one",
      };
}

function isKey(line: string): boolean {
  return /^[0-9a-fA-F]+$/.test(line) && line.length === 2 * KEY_BYTES;
}

/** The key of a local server, which makes it at its first start. Throws if it can do neither. */
export function localWebhookKey(file: string): Buffer {
  makeFolderSync(dirname(file));
  try {
    writeFileSync(file, `${randomBytes(KEY_BYTES).toString("hex")}\n`, { flag: "wx", mode: 0o600 });
  } catch {
    // It is there from an earlier start, or reading it says what is wrong.
  }
  return Buffer.from(readFileSync(file, "utf8").trim(), "hex");
}
