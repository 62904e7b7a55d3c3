import { API_KEY_PREFIX } from "./spender.ts";

/** The prefix of providers' keys. Keys from before this prefix begin like API keys. */
export const PROVIDER_KEY_PREFIX = "ccpk_";

/** The prefix of issuing keys, which issue grants and codes, and can do nothing else. */
export const ISSUING_KEY_PREFIX = "ccik_";

/** The prefix of view keys, which read what an account's owner may read, and change nothing. */
export const VIEW_KEY_PREFIX = "ccvk_";

/** The prefix of session tokens, which a server gives to a wallet that signed in. */
export const SESSION_PREFIX = "ccs_";

/** What a key is for. One text has one kind for ever, so no key is taken for another. */
export type KeyKind = "spender" | "provider" | "issuing" | "view" | "session";

/** The kind that a key's prefix names; `null` for a key of a form that its holder chose. */
export function keyKindOf(key: string): KeyKind | null {
  if (key.startsWith(ISSUING_KEY_PREFIX)) return "issuing";
  if (key.startsWith(VIEW_KEY_PREFIX)) return "view";
  if (key.startsWith(SESSION_PREFIX)) return "session";
  if (key.startsWith(PROVIDER_KEY_PREFIX)) return "provider";
  // Providers' keys began like this, too, before they had a prefix of their own.
  return key.startsWith(API_KEY_PREFIX) ? "spender" : null;
}

/** Whether a key may be used as this kind. Only new provider keys are told from API keys. */
export function mayBe(key: string, kind: KeyKind): boolean {
  const found = keyKindOf(key);
  switch (kind) {
    case "issuing":
    case "view":
    case "session":
      return found === kind;
    case "provider":
      return found === "provider" || found === "spender" || found === null;
    case "spender":
      return found === "spender" || found === null;
    default:
      return kind satisfies never;
  }
}
