-- Events of blocks that the ledger had read without them, and that a repair recorded later: a kind of
-- entry of the log.
alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end',
  'rule', 'provider_approval', 'acceptance', 'missed_events'));
