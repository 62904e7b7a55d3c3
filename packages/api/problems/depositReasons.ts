import { reason } from "./reason.ts";

export const DEPOSITS = {
  deposits_not_offered: reason(
    [501],
    "This server knows no contract with deposit addresses, or sweeps none.",
    "Ask the operator to set `DEPOSIT_ADDRESSES` and the sweeper's key.",
  ),
  too_many_deposit_watches: reason(
    [429],
    "The server watches as many deposit addresses as it may.",
    "Sweep it yourself: anyone may. Or ask the operator.",
  ),
};
