import type { HoldKey } from "../../../server/ports/holdBook.ts";

export const keyOf = ({ provider, id }: HoldKey): string => `${provider}/${id}`;
