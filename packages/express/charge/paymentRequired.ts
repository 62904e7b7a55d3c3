import { shortageOf } from "@compute-credits/client/errors/shortage";

/**
 * The header `PAYMENT-REQUIRED` of x402 version 2: base64 of JSON. Its one way to pay has the scheme
 * `compute-credits`: two calls on the chain that buy the missing credits, after which the request is
 * sent again. `accepts` is empty if no credits would help, because a signed limit is reached.
 */
export function paymentRequired(
  problem: Readonly<Record<string, unknown>>,
  resource: string,
): string {
  const shortage = shortageOf(problem);
  const buy = shortage?.buy ?? null;
  const accepts =
    shortage === null || buy === null
      ? []
      : [
          {
            scheme: "compute-credits",
            network: `eip155:${shortage.chainId}`,
            amount: `${buy.tokenAmount ?? 0n}`,
            asset: buy.token,
            payTo: buy.contract,
            maxTimeoutSeconds: 60,
            extra: {
              account: buy.account,
              creditMicros: `${buy.creditMicros}`,
              approve: buy.approve,
              function: buy.function,
              docs: buy.docs,
            },
          },
        ];
  const text = JSON.stringify({
    x402Version: 2,
    error: String(problem["detail"]),
    resource: { url: resource, description: "Paid work", mimeType: "application/json" },
    accepts,
  });
  return base64(new TextEncoder().encode(text));
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
