/** The violation found in a file of checkpoint data. Stable: callers may branch on it. */
export type DataFault =
  | "unknown_format"
  | "cut_off"
  | "trailing_bytes"
  | "no_rows"
  | "section_mismatch"
  | "party_missing"
  | "party_twice"
  | "amount_too_large"
  | "other_base"
  | "places_out_of_order"
  | "place_missing"
  | "party_moved"
  | "row_unchanged"
  | "data_hash_mismatch";

/** Thrown for a file that violates the format in docs/checkpoint-data.md. */
export class MalformedData extends Error {
  override readonly name = "MalformedData";
  readonly reason: DataFault;

  constructor(reason: DataFault, message: string) {
    super(message);
    this.reason = reason;
  }
}
