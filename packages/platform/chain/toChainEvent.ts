import { type Hex, parseEventLogs, toEventSelector } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { ChainEvent, ChainPosition } from "@compute-credits/rules/chain/chainEvent";
import type { MinedLog } from "./checkedLogs.ts";

const ABI = [...computeCreditsAbi, ...courtAbi] as const;

/** Everything that the two contracts tell, by its first topic. */
export const EVENT_TOPICS: readonly Hex[] = ABI.flatMap((item) =>
  item.type === "event" ? [toEventSelector(item)] : [],
);

/** In the order given; without those that the ledger has nothing to do with. */
export function toChainEvents(
  logs: readonly MinedLog[],
  timeOf: (blockNumber: bigint) => Date,
): ChainEvent[] {
  return parseEventLogs({ abi: ABI, logs: [...logs] }).flatMap((log) =>
    toChainEvent(log, {
      blockNumber: log.blockNumber,
      blockTime: timeOf(log.blockNumber),
      logIndex: log.logIndex,
      transactionHash: log.transactionHash,
    }),
  );
}

type ContractLog = ReturnType<typeof parseEventLogs<typeof ABI>>[number];

function toChainEvent({ eventName, args }: ContractLog, place: ChainPosition): ChainEvent[] {
  switch (eventName) {
    case "CreditsPurchased":
      return [
        {
          ...place,
          type: "purchased",
          account: lowercaseHex(args.account),
          payer: lowercaseHex(args.payer),
          amountMicros: args.creditMicros,
          tokenAmount: args.tokenAmount,
        },
      ];
    case "RefundRequested":
      return [
        {
          ...place,
          type: "refund_requested",
          account: lowercaseHex(args.account),
          requestedMicros: args.requestedMicros,
        },
      ];
    case "RefundServed":
      return [{ ...place, type: "refund_served", account: lowercaseHex(args.account) }];
    case "CounterRaised":
      return [
        {
          ...place,
          type: "counter_raised",
          account: lowercaseHex(args.account),
          counter: args.counter,
        },
      ];
    case "RowSettled":
      return [
        {
          ...place,
          type: "row_settled",
          party: lowercaseHex(args.party),
          epoch: args.epoch,
          spent: args.spent,
          refunded: args.refunded,
          earned: args.earned,
        },
      ];
    case "CheckpointSubmitted":
      return [
        {
          ...place,
          type: "checkpoint_submitted",
          epoch: args.epoch,
          root: args.root,
          finalAt: new Date(Number(args.finalAt) * 1000),
        },
      ];
    case "CheckpointDropped":
      return [{ ...place, type: "checkpoint_dropped", epoch: args.epoch, root: args.root }];
    case "Challenged":
      return [
        {
          ...place,
          type: "challenged",
          account: lowercaseHex(args.account),
          challenger: lowercaseHex(args.challenger),
          epoch: args.epoch,
          spent: args.spent,
          refunded: args.refunded,
          earned: args.earned,
          deadline: new Date(Number(args.deadline) * 1000),
        },
      ];
    case "ChallengeAnswered":
    case "ChallengeUnanswered":
      return [
        {
          ...place,
          type: eventName === "ChallengeAnswered" ? "challenge_answered" : "challenge_unanswered",
          account: lowercaseHex(args.account),
          challenger: lowercaseHex(args.challenger),
        },
      ];
    case "CapRecorded":
      return [
        {
          ...place,
          type: "cap_recorded",
          account: lowercaseHex(args.account),
          counter: args.counter,
          accountCapMicros: args.accountCap,
        },
      ];
    case "Frozen":
      return [{ ...place, type: "frozen", by: lowercaseHex(args.by) }];
    default:
      return [];
  }
}
