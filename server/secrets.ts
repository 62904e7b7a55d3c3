import type { Secrets } from "@compute-credits/platform/process/hideSecrets";
import type { Config } from "./config.ts";

/** Texts that no line of the log may show. */
export function secretsOf({
  database,
  rpcUrls,
  settlement,
  quoteKey,
  webhooks,
}: Pick<Config, "database" | "rpcUrls" | "settlement" | "quoteKey" | "webhooks">): Secrets {
  const places = settlement === null ? [] : [...settlement.signers, settlement.settler];
  return {
    keys: [
      ...places.flatMap((place) => ("privateKey" in place ? [place.privateKey] : [])),
      ...(quoteKey === null ? [] : [quoteKey]),
      ...webhooks.keys.map((key) => key.toString("hex")),
    ],
    urls: [
      ...rpcUrls,
      ...places.flatMap((place) => ("url" in place ? [place.url] : [])),
      ...("url" in database ? [database.url] : []),
    ],
  };
}
