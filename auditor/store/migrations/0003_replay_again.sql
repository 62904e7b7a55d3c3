-- Makes the auditor read the chain and the log again from their beginning. It had stored refund
-- requests without what 0002 needs of them, and no settled rows, so it could not go on from there.
-- What it signed, found and saw early stays; so do the terms that it began with.
truncate chain_cursor, chain_events, position, parties, sections, allowances, access, cards, steps,
  tiers, holds, events, cuts, receipts;
