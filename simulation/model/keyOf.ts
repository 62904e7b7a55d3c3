import type { HoldKey } from "../../server/stores/holds/holdStore.ts";

export const keyOf = ({ provider, id }: HoldKey): string => `${provider}/${id}`;
