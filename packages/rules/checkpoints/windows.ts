/** The contract's windows that bind the operator, in seconds. */
export interface Windows {
  readonly disputeWindowSeconds: number;
  readonly answerWindowSeconds: number;
  readonly refundWindowSeconds: number;
  readonly counterGraceSeconds: number;
}

/** The longest time until a checkpoint is final: with a challenge in its last second. */
export function roundSeconds({
  disputeWindowSeconds,
  answerWindowSeconds,
}: Pick<Windows, "disputeWindowSeconds" | "answerWindowSeconds">): number {
  return disputeWindowSeconds + answerWindowSeconds;
}

/**
 * The longest a hold may last while a refund request is open, in seconds. Three rounds must fit
 * after its end: one checkpoint in dispute, one that pays and is dropped in its last second, and
 * one more; the settler pauses before each of the last two. 0 or less: there is no room for holds.
 */
export function longestHoldInRefundWindow(windows: Windows, settlePauseSeconds: number): number {
  return windows.refundWindowSeconds - 3 * roundSeconds(windows) - 2 * settlePauseSeconds;
}

/**
 * The longest a hold may last after its account's counter has ended, in seconds. Its captures must
 * be submitted within the grace, after a checkpoint in dispute and one that is dropped.
 */
export function longestHoldInCounterGrace(windows: Windows, settlePauseSeconds: number): number {
  return windows.counterGraceSeconds - 2 * roundSeconds(windows) - settlePauseSeconds;
}

/** Checks windows by the rules of the contract's constructor. Returns a sentence per violation. */
export function findWindowErrors(
  windows: Windows & { readonly exitGraceSeconds: number; readonly signerDelaySeconds: number },
): readonly string[] {
  const round = roundSeconds(windows);
  const { refundWindowSeconds } = windows;
  const roundText = "(disputeWindowSeconds + answerWindowSeconds)";
  const rules = [
    ["disputeWindowSeconds", 1, "1"],
    ["answerWindowSeconds", 1, "1"],
    ["refundWindowSeconds", 3 * round, `3 × ${roundText}`],
    ["counterGraceSeconds", 2 * round, `2 × ${roundText}`],
    ["exitGraceSeconds", 1, "1"],
    [
      "signerDelaySeconds",
      2 * refundWindowSeconds + round,
      `2 × refundWindowSeconds + ${roundText}`,
    ],
  ] as const;
  return rules.flatMap(([name, minimum, formula]) => {
    const seconds = windows[name];
    if (seconds < minimum) return `${name} is ${seconds}, below ${formula} = ${minimum}`;
    return seconds > MAX_WINDOW_SECONDS
      ? `${name} is ${seconds}, above a year (${MAX_WINDOW_SECONDS})`
      : [];
  });
}

/** As in CreditTerms.sol. */
const MAX_WINDOW_SECONDS = 365 * 86_400;
