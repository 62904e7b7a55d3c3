-- Makes the auditor read the chain and the log again from their beginning: it had not stored which
-- caps the court has on record, up to which contract wallets may be charged. What it signed, found
-- and saw early stays; so do the terms that it began with.
create index chain_events_caps on chain_events ((body->>'account'))
  where body->>'type' = 'cap_recorded';
truncate chain_cursor, chain_events, position, parties, sections, allowances, access, cards, steps,
  tiers, holds, events, cuts, receipts;
