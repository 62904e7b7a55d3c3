import { z } from "zod";
import { type CreateDocumentOptions, createSchema } from "zod-openapi";

import { boundedListItems } from "@compute-credits/protocol/json/fields";

type Override = NonNullable<CreateDocumentOptions["override"]>;

/**
 * Describes values as they are sent. Programs work with what a schema makes of them, such as a
 * `bigint` or a `Date`, which JSON Schema does not have.
 */
export const wireForm: Override = ({ jsonSchema, zodSchema, io }) => {
  if (zodSchema instanceof z.ZodArray) {
    const items = boundedListItems(zodSchema);
    if (items !== undefined) Object.assign(jsonSchema, { items: sentForm(items) });
  }
  if (!(zodSchema instanceof z.ZodPipe)) return;
  // A custom check says nothing about the form: what it leads to does.
  const isCustom = zodSchema.in instanceof z.ZodCustom;
  if (io !== "output" && !isCustom) return;
  const { description } = jsonSchema;
  for (const name of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, name);
  const form = sentForm(isCustom ? zodSchema.out : zodSchema.in);
  Object.assign(jsonSchema, form, description === undefined ? {} : { description });
};

function sentForm(schema: z.core.$ZodType) {
  return createSchema(schema, { io: "input", opts: { override: wireForm } }).schema;
}
