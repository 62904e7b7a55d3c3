import type { Config } from "./config.ts";

/**
 * Texts that no line of the log may show: private keys, passwords in URLs, and the path and query
 * of HTTP endpoints. Texts under eight characters are left out: they occur in harmless words.
 */
export function secretsOf({ database, rpcUrls, settlement, quoteKey }: Config): readonly string[] {
  const places = settlement === null ? [] : [...settlement.signers, settlement.settler];
  const keys = [
    ...places.flatMap((place) => ("privateKey" in place ? [place.privateKey] : [])),
    ...(quoteKey === null ? [] : [quoteKey]),
  ];
  const urls = [
    ...rpcUrls,
    ...places.flatMap((place) => ("url" in place ? [place.url] : [])),
    ...("url" in database ? [database.url] : []),
  ].map((url) => new URL(url));
  return [
    // Without 0x, as numbers are printed, and in either case.
    ...keys.flatMap((key) => [
      key.slice(2),
      key.slice(2).toUpperCase(),
      key.slice(2).toLowerCase(),
    ]),
    ...urls.flatMap(({ password }) => [password, decodeURIComponent(password)]),
    // RPC providers put API keys into the path or the query.
    ...urls.flatMap(({ pathname, search, protocol }) =>
      protocol.startsWith("http") ? [pathname.slice(1), search.slice(1)] : [],
    ),
  ].filter((secret) => secret.length >= 8);
}
