-- What a provider was promised is in the log: a checkpoint that does not pay it can't be co-signed.
alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check
  check (kind in ('hold_end', 'revocation', 'access_end', 'blocks', 'refund', 'receipt'));
