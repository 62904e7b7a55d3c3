import type { Ledger, Opened } from "./ledger.ts";
import type { Line } from "./line.ts";

/**
 * A ledger without holds: each capture is reported as usage events, which are charged if the payer
 * still can. For work that another system has admitted already, such as a cluster's scheduler.
 */
export function createReportingLedger(
  ledger: Pick<Ledger, "report">,
  { parties, lines }: { readonly parties: Opened; readonly lines: readonly Line[] },
): Ledger {
  return {
    open: () => Promise.resolve({ is: "done", answer: parties }),
    extend: done,
    release: done,
    report: (events, to) => ledger.report(events, to),
    capture: ({ lines: parts, usedUpTo }) => {
      const events = lines.flatMap(({ id, meter, dimensions }) => {
        const part = parts[id];
        if (part === undefined) return [];
        const { eventId, ...rest } = part;
        return [{ id: eventId, time: usedUpTo, meter, dimensions, ...rest }];
      });
      return ledger.report(events, parties);
    },
  };
}

function done() {
  return Promise.resolve({ is: "done", answer: {} } as const);
}
