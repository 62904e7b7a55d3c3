-- Tells auditors from where on each account pays its own price. Entries before it were priced by the
-- first usable allowance, even if others paid.
alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in (
  'hold_end', 'revocation', 'access_end', 'blocks', 'refund', 'receipt', 'write_off',
  'issuing_key', 'issuing_key_end', 'rule'
));
insert into log_notes (kind, body) values ('rule', '{"name": "own_prices"}');
