-- Allowances that are issued out of another one, their campaign, by whoever holds the campaign's key. Of the campaign's
-- account, and under its lock; `signature` is the campaign's.
alter table allowances add column campaign bytea references allowances;
-- unique within the campaign: what makes issuing repeatable
alter table allowances add column grant_key text;
-- of a campaign: grants and codes that were issued
alter table allowances add column issued_count bigint not null default 0 check (issued_count >= 0);
alter table allowances add constraint grants_have_keys check ((campaign is null) = (grant_key is null));
create unique index grants_of_campaign_by_key on allowances (campaign, grant_key) where campaign is not null;
create index grants_of_campaign on allowances (campaign, created_at, id) where campaign is not null;

-- Codes that are redeemed for a grant; the code itself is not here.
create table promotion_codes (
  campaign bytea not null references allowances,
  code_hash bytea not null check (octet_length(code_hash) = 32),
  terms jsonb not null,
  terms_hash bytea not null check (octet_length(terms_hash) = 32),
  max_redemptions bigint not null check (max_redemptions > 0),
  redemptions bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (campaign, code_hash),
  constraint never_over_redeemed check (redemptions between 0 and max_redemptions)
);
