const HIDDEN = "[hidden]";

/** A URL in a text, up to what cannot be part of one, without the sentence's punctuation. */
const URL_IN_TEXT = /\bhttps?:\/\/[^\s"'<>\\]*[^\s"'<>\\.,;:!?)]/gi;

/** What the operator's configuration holds that no output may show. */
export interface Secrets {
  /** private keys in hex with 0x, and other keys as they are written */
  readonly keys: readonly string[];
  /** providers put API keys into the user, the path or the query of a URL */
  readonly urls: readonly string[];
  /** URLs that anyone may read, which are shown whole unless a secret is in them */
  readonly publicUrls?: readonly string[];
}

/**
 * Replaces every secret in a text by `[hidden]`: the keys, the secret parts of the URLs wherever
 * they occur, and all but the origin of any other URL, because errors of libraries name URLs.
 */
export function hideSecrets(secrets: Secrets): (text: string) => string {
  const known = knownSecrets(secrets);
  const shownUrls = new Set(secrets.publicUrls);
  return (text) =>
    known.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), hideUrls(text, shownUrls));
}

/** Shows only the origin of each http(s) URL in a text, except for those of `shownUrls`. */
export function hideUrls(text: string, shownUrls: ReadonlySet<string> = new Set()): string {
  return text.replaceAll(URL_IN_TEXT, (url) => {
    if (shownUrls.has(url)) return url;
    if (!URL.canParse(url)) return HIDDEN;
    const { origin, username, password, pathname, search } = new URL(url);
    const isBare = `${username}${password}${search}` === "" && pathname === "/";
    return isBare ? url : `${origin}/${HIDDEN}`;
  });
}

/** Texts under eight characters are left out: they occur in harmless words. */
function knownSecrets({ keys, urls }: Secrets): readonly string[] {
  return [
    // Without 0x, as numbers are printed, and in either case.
    ...keys.flatMap((key) => {
      const text = key.replace(/^0x/, "");
      return [text, text.toUpperCase(), text.toLowerCase()];
    }),
    ...urls
      .map((url) => new URL(url))
      .flatMap(({ username, password, pathname, search, protocol }) => [
        ...forms(username),
        ...forms(password),
        ...basicCredentials(username, password),
        // The path of a database's URL is its name.
        ...(protocol.startsWith("http")
          ? [
              pathname.slice(1),
              ...pathname.split("/"),
              ...forms(search.slice(1)),
              ...values(search),
            ]
          : []),
      ]),
  ]
    .filter((secret) => secret.length >= 8)
    .toSorted((a, b) => b.length - a.length);
}

/** As clients send them in `Authorization: Basic`, which error pages may repeat. */
function basicCredentials(username: string, password: string): readonly string[] {
  if (username === "" && password === "") return [];
  const [name = "", word = ""] = [username, password].map((part) => forms(part).at(-1));
  return [Buffer.from(`${name}:${word}`).toString("base64").replace(/=+$/, "")];
}

function values(search: string): readonly string[] {
  return [...new URLSearchParams(search).values()].flatMap(forms);
}

/** A part of a URL as it is written, and as it is meant. */
function forms(part: string): readonly string[] {
  try {
    return [part, decodeURIComponent(part)];
  } catch {
    return [part];
  }
}
