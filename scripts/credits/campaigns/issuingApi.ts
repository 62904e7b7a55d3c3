import { type Api, createApi } from "@compute-credits/client/http/api";
import { signCampaignAccess } from "@compute-credits/client/wallet/issuing";
import type { Context } from "../context/context.ts";

/** An API that issues: with the key in `--bearer-file`, or with what the owner's wallet signs. */
export async function issuingApi(context: Context): Promise<Api> {
  if (context.keys.bearer !== null) {
    await context.confirm();
    return context.api;
  }
  const { wallet, deployment } = await context.signing();
  const issuedAt = BigInt(Math.floor(Date.now() / 1000));
  const header = await signCampaignAccess(wallet, deployment, issuedAt);
  return createApi(context.server, { authorization: () => Promise.resolve(header) });
}
