import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Address, Hex } from "viem";

import { parseAddress } from "@compute-credits/protocol/address";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { Credits } from "../parts/Credits.tsx";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { useServer } from "../parts/ServerContext.tsx";
import { Failure } from "../parts/States.tsx";
import { api } from "../queries/api.ts";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";

/** Redeems a code: the grant becomes this wallet's, which accepts the account that pays for it. */
export function RedeemCode() {
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const [mistake, setMistake] = useState("");
  const redeeming = useMutation({
    mutationFn: async ({
      campaign,
      from,
      code,
    }: {
      campaign: Hex;
      from: Address;
      code: string;
    }) => {
      const [{ redeem }, { signAcceptance }] = await Promise.all([
        import("@compute-credits/client/allowances/redeem"),
        import("@compute-credits/client/wallet/signedAcceptance"),
      ]);
      const wallet = await signer([
        `The account ${from} may pay for what your wallet spends.`,
        "You owe nothing for it, and can end it at any time.",
      ]);
      const acceptance = await signAcceptance(wallet, deployment, { account: from });
      return await redeem(api, { campaign, code, acceptance });
    },
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { currentTarget } = event;
    const campaign = Bytes32Field.safeParse(fieldText(currentTarget, "campaign")).data;
    const from = parseAddress(fieldText(currentTarget, "from"));
    if (campaign === undefined || from === null) {
      return setMistake(
        "A campaign is 0x and 64 hex digits, an account 0x and 40: copy both from who gave you the code.",
      );
    }
    setMistake("");
    redeeming.mutate({ campaign, from, code: fieldText(currentTarget, "code") });
  }

  return (
    <>
      {dialog}
      <form onSubmit={onSubmit}>
        <div className={form["form"]}>
          <label>
            Code
            <input name="code" autoComplete="off" placeholder="7K2M-9XQ4-W1ZB-8HTN" required />
          </label>
          <label>
            Campaign
            <input name="campaign" autoComplete="off" placeholder="0x…" required />
          </label>
          <label>
            Account that pays
            <input name="from" autoComplete="off" placeholder="0x…" required />
          </label>
        </div>
        <p role="alert">{mistake}</p>
        <button type="submit" disabled={redeeming.isPending}>
          {redeeming.isPending ? "Going on …" : "Redeem the code"}
        </button>
      </form>
      {redeeming.error !== null && <Failure error={redeeming.error} />}
      {redeeming.data !== undefined && (
        <p role="status">
          Redeemed: your wallet may spend <Credits micros={redeeming.data.remainingMicros} />{" "}
          credits of it.
        </p>
      )}
    </>
  );
}
