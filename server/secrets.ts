import type { Config } from "./config.ts";

/** What no line of a log may show: keys, and what stands in addresses before the host or after it. */
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
    // As text and as a number's digits, in either case.
    ...keys.flatMap((key) => [
      key.slice(2),
      key.slice(2).toUpperCase(),
      key.slice(2).toLowerCase(),
    ]),
    ...urls.flatMap(({ password }) => [password, decodeURIComponent(password)]),
    // Providers put their keys into the path or the query.
    ...urls.flatMap(({ pathname, search, protocol }) =>
      protocol.startsWith("http") ? [pathname.slice(1), search.slice(1)] : [],
    ),
  ].filter((secret) => secret.length >= 8);
}
