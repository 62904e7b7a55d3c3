/** What is wrong with a file of checkpoint data. Stable: branch on it. */
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

/** A file of checkpoint data that is not what docs/checkpoint-data.md describes. */
export class MalformedData extends Error {
  override readonly name = "MalformedData";
  readonly reason: DataFault;

  constructor(reason: DataFault, message: string) {
    super(message);
    this.reason = reason;
  }
}
