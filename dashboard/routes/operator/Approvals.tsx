import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address } from "viem";

import { approveProvider } from "@compute-credits/client/providers/approveProvider";
import { parseAddress } from "@compute-credits/protocol/address";
import { fieldText } from "../../parts/fieldText.ts";
import { useServer } from "../../parts/ServerContext.tsx";
import { Failure } from "../../parts/States.tsx";
import { api } from "../../queries/api.ts";
import { actsQuery } from "../../queries/operator.ts";
import { useReviewedSigner } from "../../wallet/useReviewedSigner.tsx";
import { ActList } from "./ActList.tsx";
import styles from "./Operator.module.css";

const ACT = "decideProviderApproval";

/** Lets a provider charge here, or ends that, and lists the last decisions. */
export function Approvals() {
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const [mistake, setMistake] = useState("");
  const deciding = useMutation({
    mutationFn: async ({ provider, approved }: { provider: Address; approved: boolean }) => {
      const wallet = await signer([
        approved
          ? `${provider} may charge customers on this server, each up to what it allowed.`
          : `${provider} may not charge on this server any more. What it earned stays its own.`,
      ]);
      return await approveProvider(api, { wallet, deployment }, { provider, approved });
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: actsQuery(ACT).queryKey });
      await queries.invalidateQueries({ queryKey: ["approvals"] });
    },
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void {
    event.preventDefault();
    const provider = parseAddress(fieldText(event.currentTarget, "provider"));
    setMistake(provider === null ? "That is not an address." : "");
    const approved = event.nativeEvent.submitter?.dataset["approve"] === "yes";
    if (provider !== null) deciding.mutate({ provider, approved });
  }

  return (
    <>
      {dialog}
      <form className={styles["row"]} onSubmit={onSubmit}>
        <label>
          Address of the provider
          <input name="provider" autoComplete="off" spellCheck={false} placeholder="0x…" required />
        </label>
        <button type="submit" data-approve="yes" disabled={deciding.isPending}>
          Approve
        </button>
        <button type="submit" className="plain" data-approve="no" disabled={deciding.isPending}>
          End its approval
        </button>
      </form>
      <p role="alert">{mistake}</p>
      {deciding.error !== null && <Failure error={deciding.error} />}
      {deciding.data !== undefined && (
        <p role="status" data-decided>
          <code>{deciding.data.provider}</code>{" "}
          {deciding.data.approved ? "may charge." : "may not charge."}
        </p>
      )}
      <ActList acts={useQuery(actsQuery(ACT))} none="No provider was decided on yet." />
    </>
  );
}
