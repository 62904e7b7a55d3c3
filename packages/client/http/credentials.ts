import { CALLERS, type Scheme } from "@compute-credits/api/callers";
import type { Route } from "@compute-credits/api/route";
import { keyKindOf } from "@compute-credits/protocol/messages/keyKind";

/** Who asks. Public reads need neither. */
export interface Credentials {
  /** a key of any kind, or a session's token */
  readonly key?: string | undefined;
  /** makes the whole header `Authorization` in its place, such as a signer of `LogAccess` */
  readonly authorization?: () => Promise<string>;
}

/** The header `Authorization`; `undefined` without credentials. */
export async function authorizationOf({
  key,
  authorization,
}: Credentials): Promise<string | undefined> {
  return key === undefined ? await authorization?.() : `Bearer ${key}`;
}

/**
 * The header for a route; `undefined` if no caller of the route shows itself in this way. A public
 * route so gets no secret, and a registration is not refused because of a key that is unknown yet.
 */
export async function authorizationFor(
  route: Route,
  credentials: Credentials,
): Promise<string | undefined> {
  const taken = new Set(
    route.callers.flatMap((caller): readonly Taken[] => CALLERS[caller].schemes),
  );
  // A wallet is not asked to sign for a route that takes no header at all.
  if (!HEADER_SCHEMES.some((scheme) => taken.has(scheme))) return undefined;
  const header = await authorizationOf(credentials);
  if (header === undefined) return undefined;
  const scheme = schemeOf(header);
  return scheme === null || taken.has(scheme) ? header : undefined;
}

type Taken = Scheme | null;

const HEADER_SCHEMES = ["key", "session", "logAccess", "campaignAccess"] as const;

/** `null` for a scheme that this version does not know: the server decides. */
function schemeOf(header: string): Scheme | null {
  const [name = "", token = ""] = header.split(" ");
  switch (name.toLowerCase()) {
    case "bearer":
      return keyKindOf(token) === "session" ? "session" : "key";
    case "logaccess":
      return "logAccess";
    case "campaignaccess":
      return "campaignAccess";
    default:
      return null;
  }
}
