import type { ReactNode } from "react";
import type { Address } from "viem";

import type { ProvenRow } from "@compute-credits/client/accounts/readProof";
import type { RefundOnChain } from "../chain/refundOnChain.ts";
import type { RefundStage } from "../chain/refundStage.ts";
import { Card } from "../parts/Card.tsx";
import { Credits } from "../parts/Credits.tsx";
import { Facts } from "../parts/Facts.tsx";
import form from "../parts/Form.module.css";
import { Moment } from "../parts/Moment.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { ONE_TRANSACTION, TransactionSteps } from "../transactions/TransactionSteps.tsx";
import { type Action, useTransaction } from "../transactions/useTransaction.tsx";

type OpenStage = Exclude<RefundStage, { readonly at: "none" }>;

interface Shown {
  readonly account: Address;
  readonly stage: OpenStage;
  readonly onChain: RefundOnChain;
  /** the account's row of the last final checkpoint */
  readonly proven: ProvenRow | null;
}

/** A refund on its way: its stage, when it is paid at the earliest and at the latest, what to do. */
export function OpenRefund({ account, stage, onChain, proven }: Shown) {
  const { terms } = useServer();
  const { requestedMicros, dueMicros, deadline, unspentMicros } = onChain;
  if (stage.at === "frozen") {
    return (
      <Card title="The vault is frozen">
        <Exit account={account} stage={stage} onChain={onChain} proven={proven} />
      </Card>
    );
  }
  return (
    <Card title="Your request">
      <div data-refund={stage.at}>
        <Facts
          of={{
            "Asked back": <Credits micros={requestedMicros} />,
            "Still to be paid": <Credits micros={dueMicros} />,
            Asked: <At seconds={deadline - BigInt(terms.refundWindowSeconds)} />,
            "Earliest payout": <Earliest stage={stage} />,
            Deadline: <At seconds={deadline} />,
          }}
        />
        <p>
          <Words stage={stage} />
        </p>
      </div>
      {stage.at === "payable" && <PayOut account={account} proven={proven} />}
      {stage.at === "overdue" && (
        <>
          <p className={form["warning"]}>
            <strong>Freezing is for good and for everyone.</strong> The vault then sells nothing,
            takes no checkpoint, and drops a pending one. Every account can leave with its unspent
            credits: you with up to <Credits micros={unspentMicros} />.
          </p>
          <Do
            what="freeze"
            account={account}
            label="Freeze the vault"
            action={async (connection) => {
              const { freeze } = await import("@compute-credits/client/chain/exit");
              return await freeze(connection, account);
            }}
          />
        </>
      )}
    </Card>
  );
}

function Words({ stage }: { readonly stage: OpenStage }): ReactNode {
  switch (stage.at) {
    case "requested":
      return (
        <>
          1 of 3: the next checkpoint gives it back, and is final after its dispute window.
          {stage.bound > 0n && (
            <>
              {" "}
              Open holds still bind <Credits micros={stage.bound} /> of it, until they end.
            </>
          )}
        </>
      );
    case "in_checkpoint":
      return stage.earliest === null
        ? "2 of 3: a checkpoint gives it back. It is challenged: if nobody answers, it is dropped."
        : "2 of 3: a checkpoint gives it back, and waits for the end of its dispute window.";
    case "payable":
      return "3 of 3: it is final. The operator pays the transaction soon, or you do now.";
    case "overdue":
      return "The deadline has passed, and it was not paid. You can force it now.";
    case "frozen":
      return null;
    default:
      return stage satisfies never;
  }
}

function Earliest({ stage }: { readonly stage: OpenStage }) {
  if (stage.at === "payable") return <>now</>;
  if (!("earliest" in stage) || stage.earliest === null) return <>–</>;
  return <At seconds={stage.earliest} />;
}

function At({ seconds }: { readonly seconds: bigint }) {
  return <Moment at={new Date(Number(seconds) * 1_000)} />;
}

function PayOut({
  account,
  proven,
}: {
  readonly account: Address;
  readonly proven: ProvenRow | null;
}) {
  if (proven === null) return null;
  return (
    <Do
      what="settle"
      account={account}
      label="Pay it out now"
      action={async (connection) => {
        const { settleRow } = await import("@compute-credits/client/chain/credits");
        return await settleRow(connection, proven);
      }}
    />
  );
}

/** With the row of the last final checkpoint at once; without one after the grace. */
function Exit({ account, stage, onChain, proven }: Shown) {
  const { now, unspentMicros } = onChain;
  if (stage.at !== "frozen") return null;
  if (unspentMicros === 0n) return <p>Nothing of yours is left in it: you have left.</p>;
  const isOpen = proven !== null || now >= stage.withoutProofFrom;
  return (
    <>
      <p>
        It sells nothing and settles nothing new. You leave with what is unspent: at most{" "}
        <Credits micros={unspentMicros} /> credits, paid in the vault&apos;s token. Exits are paid
        from what is left in the vault.
      </p>
      {proven === null && (
        <p>
          No final checkpoint has a row of yours, so you have no proof. Without one you can leave
          from <At seconds={stage.withoutProofFrom} /> on.
        </p>
      )}
      {isOpen && (
        <Do
          what="exit"
          account={account}
          label="Leave with my credits"
          action={async (connection) => {
            const { exit, exitWithoutProof } = await import("@compute-credits/client/chain/exit");
            return proven === null
              ? await exitWithoutProof(connection, account)
              : await exit(connection, proven.row, proven.proof);
          }}
        />
      )}
    </>
  );
}

function Do({
  what,
  account,
  label,
  action,
}: {
  readonly what: string;
  readonly account: Address;
  readonly label: string;
  readonly action: Action;
}) {
  const transaction = useTransaction(what, account);
  return (
    <>
      <button
        type="button"
        disabled={transaction.isPending}
        onClick={() => transaction.run(action)}
      >
        {transaction.isPending ? "Going on …" : label}
      </button>
      <TransactionSteps of={transaction} steps={ONE_TRANSACTION} />
    </>
  );
}
