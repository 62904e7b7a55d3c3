import { z } from "zod";

import { TimeField, boundedList, uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";

const Measurement = z.strictObject({
  meter: MeterName,
  quantity: uintField(63),
  dimensions: Dimensions.default({}),
  time: TimeField.nullable().default(null).describe("`null` for now."),
});

/** Work that a request asks the price of: from one measurement to `most`. */
export function measurementList(most: number) {
  return boundedList(Measurement, most).refine(
    (list) => list.length > 0,
    "must have at least one measurement",
  );
}
