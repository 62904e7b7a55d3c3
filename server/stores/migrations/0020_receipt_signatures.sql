-- Signatures of receipts, own ones and co-signers': of each signer the last for a provider. They
-- count for the receipt that `earnings_promises` has only if `earned` and `epoch` are its.
create table receipt_signatures (
  provider bytea not null references earnings_promises,
  signer bytea not null check (octet_length(signer) = 20),
  earned bigint not null check (earned >= 0),
  epoch bigint not null check (epoch > 0),
  signature bytea not null,
  primary key (provider, signer)
);
