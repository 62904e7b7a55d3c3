import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";

import { readMe } from "@compute-credits/client/sessions/readMe";
import { revokeSession } from "@compute-credits/client/sessions/revokeSession";
import { useServer } from "../parts/ServerContext.tsx";
import { api } from "../queries/api.ts";
import { loadWallets } from "./walletStore.ts";

/** Who the caller is, and what it may do. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: 60_000,
  queryFn: async ({ signal }) => await readMe(api, { signal }),
});

/** The account that is signed in: `null` if none is, `undefined` while that is not known. */
export function useAccount(): Address | null | undefined {
  const { data } = useQuery(meQuery);
  if (data === undefined) return undefined;
  return data.kind === "session" ? data.address : null;
}

/** Connects a wallet and signs it in (EIP-4361). The session is a cookie that no script reads. */
export function useSignIn() {
  const queries = useQueryClient();
  const server = useServer();
  return useMutation({
    mutationFn: async (uid: string) => {
      const wallets = await loadWallets(server);
      const { openSession } = await import("@compute-credits/client/sessions/openSession");
      await openSession(api, await wallets.connect(uid), { as: "cookie", label: "Dashboard" });
    },
    onSuccess: async () => await queries.resetQueries(),
  });
}

/** Ends the session on the server, and forgets all that was read with it. */
export function useSignOut() {
  const queries = useQueryClient();
  const server = useServer();
  return useMutation({
    mutationFn: async () => {
      await revokeSession(api, { id: "current" });
      await (await loadWallets(server)).disconnect();
    },
    onSuccess: async () => await queries.resetQueries(),
  });
}
