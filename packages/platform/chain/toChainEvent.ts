import { type Hex, parseEventLogs, toEventSelector } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { ChainEvent, ChainPosition } from "@compute-credits/rules/chain/chainEvent";
import type { MinedLog } from "./checkedLogs.ts";

const ABI = [...computeCreditsAbi, ...courtAbi] as const;

/** The first topics of all events of both contracts. */
export const EVENT_TOPICS: readonly Hex[] = ABI.flatMap((item) =>
  item.type === "event" ? [toEventSelector(item)] : [],
);

/** Decodes logs in the given order and leaves out the events that the ledger does not follow. */
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

function toChainEvent({ eventName, args }: ContractLog, position: ChainPosition): ChainEvent[] {
  switch (eventName) {
    case "CreditsPurchased":
      return [
        {
          ...position,
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
          ...position,
          type: "refund_requested",
          account: lowercaseHex(args.account),
          requestedMicros: args.requestedMicros,
          unspentMicros: args.unspentMicros,
          refundedMicros: args.refundedMicros,
        },
      ];
    case "RefundServed":
      return [{ ...position, type: "refund_served", account: lowercaseHex(args.account) }];
    case "CounterRaised":
      return [
        {
          ...position,
          type: "counter_raised",
          account: lowercaseHex(args.account),
          counter: args.counter,
        },
      ];
    case "RowSettled":
      return [
        {
          ...position,
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
          ...position,
          type: "checkpoint_submitted",
          epoch: args.epoch,
          root: args.root,
          finalAt: new Date(Number(args.finalAt) * 1000),
        },
      ];
    case "CheckpointDropped":
      return [{ ...position, type: "checkpoint_dropped", epoch: args.epoch, root: args.root }];
    case "Challenged":
      return [
        {
          ...position,
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
          ...position,
          type: eventName === "ChallengeAnswered" ? "challenge_answered" : "challenge_unanswered",
          account: lowercaseHex(args.account),
          challenger: lowercaseHex(args.challenger),
        },
      ];
    case "CapRecorded":
      return [
        {
          ...position,
          type: "cap_recorded",
          account: lowercaseHex(args.account),
          counter: args.counter,
          accountCapMicros: args.accountCap,
        },
      ];
    case "FeesClaimed":
      return [
        {
          ...position,
          type: "fees_claimed",
          recipient: lowercaseHex(args.recipient),
          amountMicros: args.creditMicros,
          tokenAmount: args.tokenAmount,
        },
      ];
    case "Frozen":
      return [{ ...position, type: "frozen", by: lowercaseHex(args.by) }];
    default:
      return [];
  }
}
