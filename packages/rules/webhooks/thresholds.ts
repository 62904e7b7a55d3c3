/** When an endpoint is told what; `null` for what it does not want to know. */
export interface WebhookThresholds {
  readonly balanceBelowMicros: bigint | null;
  readonly runwayBelowSeconds: number | null;
  /** ascending, each once */
  readonly budgetPercents: readonly number[] | null;
  readonly expiringWithinSeconds: number | null;
}

/** What an owner sent: absent is the default. */
export interface SentThresholds {
  readonly balanceBelowMicros?: bigint | undefined;
  readonly runwayBelowSeconds?: number | undefined;
  readonly budgetPercents?: readonly number[] | undefined;
  readonly expiringWithinSeconds?: number | undefined;
}

const WEEK_SECONDS = 7 * 86_400;

export const NO_THRESHOLDS: WebhookThresholds = {
  balanceBelowMicros: null,
  runwayBelowSeconds: null,
  budgetPercents: null,
  expiringWithinSeconds: null,
};

/** The event that each threshold is for. */
const EVENT_OF = {
  balanceBelowMicros: "balance.low",
  runwayBelowSeconds: "runway.short",
  budgetPercents: "budget.reached",
  expiringWithinSeconds: "allowance.expiring",
} as const satisfies Record<keyof WebhookThresholds, string>;

const NAMES = [
  "balanceBelowMicros",
  "runwayBelowSeconds",
  "budgetPercents",
  "expiringWithinSeconds",
] as const;

/** The thresholds that an endpoint with these events has, or what does not fit. */
export function decideThresholds(
  events: readonly string[],
  sent: SentThresholds,
): { readonly thresholds: WebhookThresholds } | { readonly mistake: string } {
  const unused = NAMES.find((name) => sent[name] !== undefined && !events.includes(EVENT_OF[name]));
  if (unused !== undefined) {
    return { mistake: `The threshold ${unused} needs the event ${EVENT_OF[unused]}.` };
  }
  const wants = (name: keyof WebhookThresholds) => events.includes(EVENT_OF[name]);
  const { balanceBelowMicros = null } = sent;
  if (wants("balanceBelowMicros") && balanceBelowMicros === null) {
    return { mistake: "The event balance.low needs the threshold balanceBelowMicros." };
  }
  const percents = new Set(sent.budgetPercents ?? [80, 100]);
  return {
    thresholds: {
      balanceBelowMicros,
      runwayBelowSeconds: wants("runwayBelowSeconds")
        ? (sent.runwayBelowSeconds ?? WEEK_SECONDS)
        : null,
      budgetPercents: wants("budgetPercents") ? [...percents].toSorted((a, b) => a - b) : null,
      expiringWithinSeconds: wants("expiringWithinSeconds")
        ? (sent.expiringWithinSeconds ?? WEEK_SECONDS)
        : null,
    },
  };
}
