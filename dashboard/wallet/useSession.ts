import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Address } from "viem";
import { type Connector, useConfig } from "wagmi";
import { connect, disconnect, getConnection, getWalletClient } from "wagmi/actions";

import { openSession } from "@compute-credits/client/sessions/openSession";
import { readMe } from "@compute-credits/client/sessions/readMe";
import { revokeSession } from "@compute-credits/client/sessions/revokeSession";
import { useServer } from "../parts/ServerContext.tsx";
import { api } from "../queries/api.ts";

const meQuery = queryOptions({
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
  const config = useConfig();
  const queries = useQueryClient();
  const { chainId } = useServer().deployment;
  return useMutation({
    mutationFn: async (connector: Connector) => {
      const { connector: current } = getConnection(config);
      if (current?.uid !== connector.uid) await connect(config, { connector, chainId });
      const wallet = await getWalletClient(config, { connector, chainId });
      await openSession(api, wallet, { as: "cookie", label: "Dashboard" });
    },
    onSuccess: async () => await queries.resetQueries(),
  });
}

/** Ends the session on the server, and forgets all that was read with it. */
export function useSignOut() {
  const config = useConfig();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      await revokeSession(api, { id: "current" });
      await disconnect(config);
    },
    onSuccess: async () => await queries.resetQueries(),
  });
}
