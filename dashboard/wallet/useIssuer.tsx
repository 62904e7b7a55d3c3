import { useRef } from "react";
import type { ReactNode } from "react";

import type { Api } from "@compute-credits/client/http/api";
import { useServer } from "../parts/ServerContext.tsx";
import { api } from "../queries/api.ts";
import { useReviewedSigner } from "./useReviewedSigner.tsx";

/** A signature lets the page issue for five minutes; it is asked again a little earlier. */
const USABLE_SECONDS = 240;

const WORDS = [
  "For five minutes this page may hand out, and take back, credits of your campaigns: grants and codes.",
  "Nothing is handed out beyond what you signed for a campaign, and nothing is spent.",
];

/**
 * Returns the server as the owner who issues from a campaign: the wallet signs for it once in a few
 * minutes. Render `dialog`.
 */
export function useIssuer(): { readonly issuer: () => Promise<Api>; readonly dialog: ReactNode } {
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const signed = useRef<{ readonly header: string; readonly at: number } | null>(null);
  return {
    dialog,
    issuer: async () => {
      const now = Math.floor(Date.now() / 1_000);
      if (signed.current === null || now - signed.current.at > USABLE_SECONDS) {
        const { signCampaignAccess } = await import("@compute-credits/client/wallet/issuing");
        const header = await signCampaignAccess(await signer(WORDS), deployment, BigInt(now));
        signed.current = { header, at: now };
      }
      const { header } = signed.current;
      return api.as({ authorization: async () => header });
    },
  };
}
