import type { Api } from "@compute-credits/client/http/api";
import { signCampaignAccess } from "@compute-credits/client/wallet/issuing";
import type { Context } from "../context/context.ts";

/** An API that issues, after it has said what for: with the key in `--bearer-file`, or with what the owner's wallet signs. */
export async function issuingApi(context: Context, words: string): Promise<Api> {
  await context.confirmRequest(words);
  if (context.keys.bearer !== null) return context.api;
  const { wallet, deployment } = await context.signing();
  const issuedAt = BigInt(Math.floor(Date.now() / 1000));
  const header = await signCampaignAccess(wallet, deployment, issuedAt);
  return context.publicApi.as({ authorization: () => Promise.resolve(header) });
}
