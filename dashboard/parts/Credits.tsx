import { creditsText } from "./creditsText.ts";

/** An amount of credits; hovering shows it in micro-credits. */
export function Credits({ micros }: { readonly micros: bigint }) {
  return (
    <data value={`${micros}`} title={`${micros} micro-credits`}>
      {creditsText(micros)}
    </data>
  );
}
