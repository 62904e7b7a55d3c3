import { parseCredits } from "@compute-credits/protocol/amounts";
import { fieldText } from "./fieldText.ts";

/** The amount in a form's field, in micro-credits above 0; or what to mend, as a text. */
export function amountField(form: HTMLFormElement, name: string): bigint | string {
  try {
    const micros = parseCredits(fieldText(form, name));
    return micros === 0n ? "Write an amount above 0." : micros;
  } catch (error) {
    if (error instanceof RangeError) return "Write digits, with at most six decimals.";
    throw error;
  }
}
