import { z } from "zod";

import { AddressField } from "./fields.ts";

/** The EIP-712 domain as `GET /v1/deployment` answers it: the chain and the contract. */
export const DomainJson = z.object({ chainId: z.int(), verifyingContract: AddressField });
