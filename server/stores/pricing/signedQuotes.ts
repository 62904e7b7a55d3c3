import { type Hex, hashTypedData, isAddressEqual, recoverAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { Dimensions } from "@compute-credits/protocol/json/names";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { quoteTypedData } from "@compute-credits/protocol/messages/quote";
import { canonicalDimensions } from "@compute-credits/rules/holds/quote";
import type { PriceStore } from "./priceStore.ts";
import type { QuoteStore } from "./quoteStore.ts";
import { fromPinnedRate, toAccountRate } from "@compute-credits/rules/pricing/pinnedRateJson";

/**
 * Issues signed quotes. They are not stored: any server with the same key can verify and honour
 * them.
 */
export function createQuoteStore(
  deployment: Deployment,
  privateKey: Hex,
  { prices, now }: { prices: PriceStore; now: () => Promise<Date> },
): QuoteStore {
  const account = privateKeyToAccount(privateKey);

  return {
    signer: lowercaseHex(account.address),

    async make({ ttlSeconds, account: payer, ...work }) {
      const [time, [preview]] = await Promise.all([
        now(),
        prices.preview({
          provider: work.provider,
          account: payer,
          measurements: [{ ...work, time: null }],
        }),
      ]);
      if (preview === undefined) throw new Error("the preview returned no price");
      if ("refusal" in preview) return preview;
      const message = {
        provider: work.provider,
        account: payer,
        meter: work.meter,
        dimensions: canonicalDimensions(work.dimensions),
        quantity: work.quantity,
        costMicros: preview.costMicros,
        rateCardVersion: BigInt(preview.pinned.rateCardVersion),
        rate: fromPinnedRate(preview.pinned),
        expiresAt: BigInt(Math.floor(time.getTime() / 1000) + ttlSeconds),
      };
      return {
        message,
        signature: await account.signTypedData(quoteTypedData(deployment, message)),
      };
    },

    async read({ message, signature }) {
      const hash = hashTypedData(quoteTypedData(deployment, message));
      const signer = await recoverAddress({ hash, signature }).catch(() => null);
      if (signer === null || !isAddressEqual(signer, account.address)) return null;
      // The signature proves that this ledger wrote the JSON, so it parses.
      return {
        provider: message.provider,
        account: message.account,
        meter: message.meter,
        dimensions: Dimensions.parse(JSON.parse(message.dimensions)),
        quantity: message.quantity,
        rate: toAccountRate(JSON.parse(message.rate)),
        expiresAt: new Date(Number(message.expiresAt) * 1000),
      };
    },
  };
}
