import type {
  CallToolResult,
  McpServer,
  StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Agent } from "./agent.ts";
import { plain } from "./plain.ts";
import { FAILED, refusalOf, toolError } from "./toolError.ts";

/** A tool: what it takes, what it answers, and what it does. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** whether it changes nothing */
  readonly isReadOnly: boolean;
  /** Rejects with a `CreditsError` if it did not do what it was asked. */
  readonly run: (input: unknown, agent: Agent) => Promise<object>;
}

/** Declares a tool whose input and answer have the types of their schemas. */
export function tool<Input extends z.ZodObject, Output extends z.ZodObject>({
  run,
  input,
  ...declared
}: Omit<Tool, "input" | "output" | "run" | "isReadOnly"> & {
  readonly input: Input;
  readonly output: Output;
  readonly isReadOnly?: boolean;
  readonly run: (input: z.output<Input>, agent: Agent) => Promise<Answer<z.input<Output>>>;
}): Tool {
  return {
    isReadOnly: true,
    ...declared,
    input,
    run: async (given, agent) => await run(input.parse(given), agent),
  };
}

/** What a tool returns: where its schema has text, also what becomes text. */
type Answer<T> = T extends string
  ? string | bigint | Date
  : T extends readonly (infer Item)[]
    ? readonly Answer<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Answer<T[Name]> }
      : T;

/** Adds a tool to a server. Every failure is an answer with `isError`, as MCP wants it. */
export function register(
  server: McpServer,
  { agent, onBug }: { readonly agent: Agent; readonly onBug: (error: unknown) => void },
  { run, ...declared }: Tool,
): void {
  const { name, title, description, input, output, isReadOnly } = declared;
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: takingAnything(input),
      outputSchema: output,
      annotations: {
        title,
        readOnlyHint: isReadOnly,
        destructiveHint: false,
        idempotentHint: isReadOnly,
        openWorldHint: true,
      },
    },
    async (given): Promise<CallToolResult> => {
      try {
        const made = output.safeParse(plain(await run(given, agent)));
        if (!made.success)
          throw new Error(`${name} answers what it does not describe`, { cause: made.error });
        const { data } = made;
        return { content: [{ type: "text", text: jsonText(data) }], structuredContent: data };
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === null) onBug(error);
        return toolError(refusal ?? FAILED);
      }
    },
  );
}

/**
 * Describes the input, and leaves its check to the tool: the MCP library would answer a mistake
 * without a `reason`.
 */
function takingAnything(input: z.ZodObject): StandardSchemaWithJSON {
  const schema = input["~standard"];
  return {
    "~standard": { ...schema, validate: (value: unknown) => ({ value }) },
  };
}
