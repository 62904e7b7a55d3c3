-- A campaign may carry one rule: what an account must have done to claim a grant, once. The claim's
-- grant has the key `rule <account>`, which is unique in the campaign.
create table campaign_rules (
  campaign bytea primary key references signed_allowances,
  terms jsonb not null,
  terms_hash bytea not null check (octet_length(terms_hash) = 32),
  max_grants bigint not null check (max_grants > 0),
  grants bigint not null default 0,
  -- purchases of later blocks count
  since_block bigint not null,
  issuer bytea not null check (octet_length(issuer) = 32),
  set_at timestamptz not null,
  closed_at timestamptz,
  constraint never_over_granted check (grants >= 0 and grants <= max_grants)
);
create index rules_of_issuer on campaign_rules (issuer);

alter table log_notes drop constraint log_notes_kind_check;
alter table log_notes add constraint log_notes_kind_check check (kind in ('hold_end', 'revocation',
  'access_end', 'blocks', 'refund', 'receipt', 'write_off', 'issuing_key', 'issuing_key_end',
  'rule', 'provider_approval', 'acceptance', 'missed_events', 'passed_block', 'provider_key',
  'provider_key_end', 'code', 'code_end', 'checkpoint', 'campaign_rule', 'campaign_rule_end',
  'rule_claim'));
