-- The ledger's schema: the first migration. It never changes; later changes get their own files.
--
-- Amounts are whole micro-credits. Addresses, hashes and signatures are raw bytes. Times are by the
-- database's clock, unless a comment names the chain's. A table with the key `only_one` has one
-- row.


-- The chain

-- The one deployment of the contract that this database belongs to, for ever.
create table deployment (
  only_one boolean primary key default true check (only_one),
  chain_id bigint not null,
  contract bytea not null check (octet_length(contract) = 20),
  -- the block that the contract was deployed in: another chain with the same id has another hash
  block_number bigint not null,
  block_hash bytea not null check (octet_length(block_hash) = 32)
);

-- The newest block that the ledger has taken in. Moves in the transaction that applies the blocks.
create table chain_cursor (
  only_one boolean primary key default true check (only_one),
  block_number bigint not null,
  block_hash bytea not null check (octet_length(block_hash) = 32),
  block_time timestamptz not null,
  -- by the chain's clock: when the chain last had no block after this one. On a quiet chain nothing
  -- else shows that time passes. Null until the chain was asked.
  quiet_at timestamptz,
  -- by the chain's clock: when the vault was frozen, for good
  frozen_at timestamptz,
  -- when the ledger took in this block: on a quiet chain, time passes from here. The chain's clock
  -- may be ahead of the database's, or behind it.
  seen_at timestamptz not null default clock_timestamp()
);


-- Accounts and what the contract knows of them

-- One row for each account. Invariant I1: what an account has spent, holds, gets refunded and was
-- refunded never exceeds what it purchased. Each page keeps room for the next version of a row, so
-- that a debit updates the row in place, without touching an index (HOT).
create table accounts (
  address bytea primary key check (octet_length(address) = 20),
  purchased bigint not null default 0 check (purchased >= 0),
  spent bigint not null default 0 check (spent >= 0),
  -- set aside by open holds
  held bigint not null default 0 check (held >= 0),
  -- set aside for refund requests until the next cut moves it to `refunded`
  refunding bigint not null default 0 check (refunding >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  -- the owner raises it on chain; allowances that were signed with a lower one are void
  counter bigint not null default 0 check (counter >= 0),
  -- requested back while on hold: moves to `refunding` when it comes free, before any other use
  refund_waiting bigint not null default 0,
  -- what the batch that locks the row has just charged to it: the batch learns from it whether its
  -- sum fitted. No other transaction reads it.
  spent_ahead bigint not null default 0,
  -- the cut clock's tick at the row's last change
  changed_at_tick bigint not null default 0,
  constraint never_overspent check (spent + held + refunding + refunded <= purchased),
  constraint only_held_credits_wait check (refund_waiting between 0 and held)
) with (fillfactor = 70);
-- A cut finds the rows that changed since the last one. While the tick stands still, an update does
-- not enter this index: only a row's first update after a cut does.
create index accounts_by_change on accounts (changed_at_tick);
create index accounts_refunding on accounts (address) where refunding > 0;
create index accounts_refunded on accounts (address) where refunded > 0;
-- A batch looks up a thousand accounts from all over the table. The hash takes a fifth less work
-- than the tree, however many accounts there are; the tree guards the key, and cuts walk it.
create index accounts_by_hash on accounts using hash (address);

-- Purchases of every kind. The key is the event's position on the chain, so each counts once.
create table purchases (
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null,
  account bytea not null references accounts,
  payer bytea not null,
  amount_micros bigint not null check (amount_micros > 0),
  -- in the token's smallest unit
  token_amount numeric(78) not null,
  -- whole milliseconds, as in debits. Taken under the account's lock, so that it is in the order in
  -- which things happened to the account.
  recorded_at timestamptz default date_trunc('milliseconds', clock_timestamp()),
  primary key (block_number, log_index)
);
create index purchases_of_account on purchases (account, block_number);

create table refund_requests (
  block_number bigint not null,
  log_index integer not null,
  transaction_hash bytea not null,
  account bytea not null references accounts,
  requested_micros bigint not null check (requested_micros > 0),
  -- the part that the account still had
  accepted_micros bigint not null,
  -- the contract has settled a row that pays the request, or has taken the account's next request
  served boolean not null default false,
  -- as in purchases
  recorded_at timestamptz default date_trunc('milliseconds', clock_timestamp()),
  -- by the chain's clock: the refund window begins here
  requested_at timestamptz,
  primary key (block_number, log_index),
  constraint accepts_at_most_the_request check (accepted_micros between 0 and requested_micros)
);
create index refund_requests_of_account on refund_requests (account, block_number);
-- The contract lets an account have one open request at a time.
create unique index open_refund_requests on refund_requests (account) where not served;

-- What the contract has settled of each party: its last `RowSettled` event.
create table settlements (
  party bytea primary key,
  epoch bigint not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null
);

-- Account caps that the court has on record for allowances of contract wallets.
create table recorded_caps (
  account bytea not null check (octet_length(account) = 20),
  counter numeric(20) not null,
  account_cap_micros numeric(20) not null,
  primary key (account, counter)
);


-- The order of the log

-- One order over all kinds of log entries. A number is taken under the locks of the accounts that
-- the entry is about, so for each account it is the order in which things happened to it; between
-- accounts it means nothing. The sequence has no cache: a session's reserve would break the order.
--
-- `transaction_id`, beside it, tells exactly which entries a checkpoint holds: those whose
-- transaction its snapshot sees. Each PostgreSQL server numbers its transactions itself, so a dump
-- that is restored elsewhere starts anew (docs/auditors.md says what to do).
create sequence log_order;

-- Log entries that move a number and have no row of their own. `body` is what the feed says.
create table log_notes (
  log_order bigint primary key default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  kind text not null
    check (kind in ('hold_end', 'revocation', 'access_end', 'blocks', 'refund', 'receipt')),
  body jsonb not null
);
-- The numbers grow with the table, so a block range index (BRIN) finds a page, and writes cost next
-- to nothing.
create index log_notes_by_transaction on log_notes using brin (transaction_id)
  with (autosummarize = on);


-- Allowances

-- What owners signed: who may spend how much of their credits. Signed fields never change; what
-- spending changes is in `allowance_usage`, because a debit rewrites a whole row and checks all of
-- its constraints. Unsigned 64-bit numbers of the message do not fit into bigint.
create table signed_allowances (
  id bytea primary key check (octet_length(id) = 32),
  account bytea not null references accounts,
  spender bytea not null check (octet_length(spender) = 32),
  period_seconds numeric(20) not null,
  starts_at numeric(20) not null,
  expires_at numeric(20) not null,
  priority smallint not null check (priority between 0 and 255),
  -- the hash of the two lists after it
  scope bytea not null check (octet_length(scope) = 32),
  scope_providers bytea[] not null,
  scope_meters text[] not null,
  account_cap_micros numeric(20) not null,
  counter numeric(20) not null,
  salt numeric(78) not null,
  -- of the account's owner; a grant's is its campaign's
  signature bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  -- the allowance that a grant was issued from, of the same account, and written under its lock;
  -- null if the owner signed this allowance itself
  campaign bytea references signed_allowances,
  -- unique within the campaign, so that issuing can be repeated
  grant_key text,
  -- of a campaign: how many grants and codes were issued from it
  issued_count bigint not null default 0 check (issued_count >= 0),
  -- whether a contract wallet signed it (ERC-1271): the wallet may disown the signature later, so
  -- the cap is recorded on chain. Null until the settler has looked.
  by_contract boolean,
  -- the count of `allowance_arrivals` that it came with
  arrival bigint not null default 0,
  constraint grants_have_keys check ((campaign is null) = (grant_key is null))
);
create index allowances_of_spender on signed_allowances (spender);
create index allowances_of_account on signed_allowances (account, created_at);
create index allowances_by_log_order on signed_allowances (log_order);
create unique index grants_of_campaign_by_key on signed_allowances (campaign, grant_key)
  where campaign is not null;
create index grants_of_campaign on signed_allowances (campaign, created_at, id)
  where campaign is not null;
create index allowances_not_looked_at on signed_allowances (account) where by_contract is null;
create index allowances_by_contract on signed_allowances (account) where by_contract;
create index allowances_by_arrival on signed_allowances (arrival) where arrival > 0;

-- What spending changes of an allowance. One row for each signed allowance; updated in place (HOT).
create table allowance_usage (
  id bytea primary key references signed_allowances,
  -- signed fields, kept here because the other columns need them
  limit_micros numeric(20) not null,
  rollover_micros numeric(20) not null,
  revoked_at timestamptz,
  -- the period that the next three columns are about
  period_index bigint not null default 0,
  carried_micros numeric(20) not null default 0,
  -- what the period allows, cut to what fits into bigint, which is more than all credits
  period_room bigint generated always as
    (least(limit_micros + carried_micros, 9223372036854775807)::bigint) stored,
  period_spent bigint not null default 0 check (period_spent >= 0),
  spent bigint not null default 0 check (spent >= 0),
  constraint never_over_limit check (period_spent <= period_room),
  constraint never_carries_over_more check (carried_micros <= rollover_micros)
) with (fillfactor = 70);
-- See accounts_by_hash.
create index allowance_usage_by_hash on allowance_usage using hash (id);

-- Both together, to be read.
create view allowances as select * from signed_allowances join allowance_usage using (id);

-- Counts the transactions that added allowances, so that a server asks only for those that came
-- since it last looked. The row's lock keeps the count in the order of the commits.
create table allowance_arrivals (
  only_one boolean primary key default true check (only_one),
  count bigint not null check (count >= 0)
);
insert into allowance_arrivals (count) values (0);

-- Codes that can be redeemed for a grant of a campaign. Only the code's hash is stored.
create table promotion_codes (
  campaign bytea not null references signed_allowances,
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


-- Providers

-- The keys that providers report usage with: hashes, registered by the provider's wallet. A revoked
-- key stays revoked, because the signature that registered it could be shown again.
create table provider_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  provider bytea not null check (octet_length(provider) = 20),
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);

-- Which providers may bill which spender. Revoked access stays revoked, as a revoked key does.
create table provider_access (
  spender bytea not null check (octet_length(spender) = 32),
  provider bytea not null check (octet_length(provider) = 20),
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  -- of a spending wallet's signer; null for an API key, which its holder showed to the provider
  signature bytea,
  primary key (spender, provider)
);
create index provider_access_by_log_order on provider_access (log_order);

-- Counts the revocations of keys and access: servers remember both until the count changes. The
-- row's lock keeps the count in the order of the commits.
create table access_revocations (
  only_one boolean primary key default true check (only_one),
  count bigint not null check (count >= 0)
);
insert into access_revocations (count) values (0);


-- Prices

-- Versions of rate cards, of the operator (`provider` null) and of the providers. A card never
-- changes; another one follows it. Versions count through all cards: one number names a card.
create table rate_cards (
  version integer primary key check (version > 0),
  effective_from timestamptz not null,
  card jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  provider bytea check (octet_length(provider) = 20),
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  constraint one_card_at_a_time unique nulls not distinct (provider, effective_from)
);

-- How much each account used of a tiered rate in a calendar month (UTC, by when the events
-- occurred), in units of the meter. Written with the debit, under the account's lock.
create table tier_usage (
  account bytea not null check (octet_length(account) = 20),
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  rate_key text not null,
  quantity numeric(38) not null check (quantity >= 0),
  primary key (account, month, rate_key)
);

-- How the multipliers of dynamic rates moved, one row for each step. Rows never change: events are
-- priced from them.
create table multiplier_steps (
  provider bytea not null check (octet_length(provider) = 20),
  rate_key text not null,
  step integer not null check (step > 0),
  effective_from timestamptz not null,
  utilisation_bps integer not null check (utilisation_bps between 0 and 10000),
  before_bps bigint not null check (before_bps > 0),
  after_bps bigint not null check (after_bps > 0),
  -- the card whose rule moved the multiplier
  rate_card integer not null references rate_cards,
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  primary key (provider, rate_key, step)
);
create unique index multiplier_steps_by_time
  on multiplier_steps (provider, rate_key, effective_from) include (after_bps);


-- Holds

-- Credits that are set aside before the work is done.
create table holds (
  provider bytea not null,
  hold_id text not null,
  spender bytea not null check (octet_length(spender) = 32),
  meter text not null,
  dimensions jsonb not null,
  quantity bigint not null check (quantity >= 0),
  -- the price that captures are charged at, whatever later cards say
  rate jsonb not null,
  request_hash bytea not null check (octet_length(request_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  captured_micros bigint not null default 0 check (captured_micros >= 0),
  resolved_as text check (resolved_as in ('captured', 'released', 'expired')),
  resolved_at timestamptz,
  -- units captured so far: the next capture is priced as what follows them
  captured_quantity bigint not null default 0 check (captured_quantity >= 0),
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  -- until when the quote that the hold honours was good; null without a quote
  quote_expires_at timestamptz,
  primary key (provider, hold_id),
  constraint expires_after_creation check (expires_at > created_at),
  constraint resolutions_have_times check ((resolved_as is null) = (resolved_at is null))
);
create index open_holds_by_expiry on holds (expires_at) where resolved_as is null;
create index open_holds_of_spender on holds (spender) where resolved_as is null;
-- An explanation finds the hold that a debit was captured from: its spender's, made shortly before.
create index holds_of_spender on holds (spender, created_at);
create index holds_by_log_order on holds using brin (log_order, transaction_id)
  with (autosummarize = on);

-- What each allowance still holds ready for a hold. Written under the lock of its account.
create table hold_parts (
  provider bytea not null,
  hold_id text not null,
  part smallint not null check (part >= 0),
  account bytea not null,
  allowance bytea not null,
  held_micros bigint not null check (held_micros >= 0),
  primary key (provider, hold_id, part),
  foreign key (provider, hold_id) references holds
);
create index open_hold_parts_of_account on hold_parts (account) where held_micros > 0;


-- Usage

-- One row for each allowance that paid for a usage event: part 0 alone, unless several shared the
-- cost. (provider, event_id, 0) is the idempotency key, written in the transaction of the debit.
-- Rows never change.
create table debits (
  provider bytea not null,
  event_id text not null,
  part smallint not null check (part >= 0),
  account bytea not null,
  allowance bytea not null,
  spender bytea not null,
  meter text not null,
  quantity bigint not null check (quantity >= 0),
  dimensions jsonb not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  rate_card integer not null,
  amount_micros bigint not null check (amount_micros >= 0),
  fee_micros bigint not null,
  -- of the request, if the row itself does not say all that was sent: a capture names its hold
  payload_hash bytea check (octet_length(payload_hash) = 32),
  -- what the price depended on besides card, rate and quantity: a multiplier, or the month's usage
  -- before. Null for fixed rates.
  price_basis jsonb,
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  primary key (provider, event_id, part),
  constraint fee_within_amount check (fee_micros between 0 and amount_micros)
);
create index debits_of_account on debits (account, recorded_at);
create index debits_of_provider on debits (provider, recorded_at);
-- The log grows in the order of time and of its numbers, so two block range indexes (BRIN) find a
-- page, and writes cost next to nothing.
create index debits_by_time on debits using brin (recorded_at);
create index debits_by_log_order on debits using brin (log_order, transaction_id)
  with (autosummarize = on);

-- Which hold a usage event captured. If the event is voided, its credits return to the period that
-- was open when the hold was made, or to none if that period is over.
create table captures (
  provider bytea not null,
  event_id text not null,
  hold_id text not null,
  primary key (provider, event_id),
  foreign key (provider, hold_id) references holds
);

-- Usage events that their provider took back. The debits stay in the log.
create table voids (
  provider bytea not null,
  event_id text not null,
  amount_micros bigint not null check (amount_micros >= 0),
  voided_at timestamptz not null default clock_timestamp(),
  log_order bigint not null default nextval('log_order'),
  transaction_id bigint not null default pg_current_xact_id()::text::bigint,
  primary key (provider, event_id)
);
create index voids_by_log_order on voids using brin (log_order, transaction_id)
  with (autosummarize = on);

-- What providers have earned: the sum over a provider's rows. A transaction adds to the row of one
-- of the accounts that paid in it, under that account's lock, so a busy provider is no bottleneck.
-- A single row means nothing, and voids may take it below zero.
create table earnings (
  account bytea not null,
  provider bytea not null,
  earned bigint not null,
  -- as in accounts
  changed_at_tick bigint not null default 0,
  primary key (account, provider)
);
create index earnings_of_provider on earnings (provider) include (earned);
create index earnings_by_change on earnings (changed_at_tick, provider);

-- The last receipt of each provider: what it had earned, and the first epoch that shows it. Events
-- that were recorded before it can't be voided any more, so a later receipt never promises less.
create table earnings_promises (
  provider bytea primary key check (octet_length(provider) = 20),
  earned bigint not null check (earned >= 0),
  epoch bigint not null check (epoch > 0),
  promised_at timestamptz not null default clock_timestamp()
);


-- Checkpoints

-- A cut begins by adding one. Rows say at which tick they last changed, so that a cut finds them by
-- an index and reads no others.
create table cut_clock (
  only_one boolean primary key default true check (only_one),
  tick bigint not null
);
insert into cut_clock (tick) values (0);

-- Checkpoints in the order in which they were cut. A dropped one leaves its epoch to the next.
-- Invariant I2: providers never earn more than accounts spent. Two checkpoints signed for one epoch
-- would cost the bond: another one follows a signed one only after the chain dropped it, or its
-- signers are no longer the contract's.
create table checkpoints (
  id bigint primary key generated always as identity,
  epoch bigint not null check (epoch > 0),
  previous_root bytea not null,
  root bytea not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  -- in seconds since 1970, never ahead of the chain's newest block
  as_of bigint not null,
  data_hash bytea not null,
  party_count bigint not null,
  submitted_block bigint,
  transaction_hash bytea,
  -- by the chain's clock: when the dispute window ends
  final_at timestamptz,
  -- the checkpoint no longer counts: dropped by the chain, abandoned, or signed by former signers
  dropped boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  -- no earlier than the snapshot: what was recorded after it is in no checkpoint yet
  cut_at timestamptz not null default clock_timestamp(),
  -- when the server decided to sign: written before it signs, and never taken back
  signing_at timestamptz,
  -- when a prepared checkpoint was given up, to be cut anew
  abandoned_at timestamptz,
  -- what the cut saw: its own transaction's snapshot
  snapshot text default pg_current_snapshot()::text,
  -- by the chain's clock: the checkpoint that takes the epoch again must not claim to be older
  dropped_at timestamptz,
  -- what changed and is not in the snapshot has this tick or a later one
  tick bigint not null default 0,
  -- the head of the published file, whose hash is `data_hash`
  data_head bytea,
  constraint never_earned_more_than_spent check (earned <= spent),
  constraint signed_or_abandoned check (signing_at is null or abandoned_at is null),
  constraint abandoned_counts_no_more check (abandoned_at is null or dropped)
);
create unique index one_checkpoint_per_epoch on checkpoints (epoch) where not dropped;
create unique index one_signed_checkpoint_per_epoch on checkpoints (epoch)
  where signing_at is not null and not dropped;

-- Who signed a checkpoint: the server's own signers, and co-signers who reproduced it first.
create table checkpoint_signatures (
  checkpoint bigint not null references checkpoints,
  signer bytea not null check (octet_length(signer) = 20),
  signature bytea not null,
  primary key (checkpoint, signer)
);

-- A party's leaf in the tree: assigned once, kept for ever, without gaps.
create table places (
  party bytea primary key check (octet_length(party) = 20),
  place bigint not null unique check (place >= 0)
);

-- The rows of the checkpoints, each written only if it changed: a party's row at a checkpoint is
-- its newest one up to it. The key has the order in which cuts write rows and followers read them.
-- There are no references: checking them took longer than the rest of a cut, and one statement
-- writes both keys.
create table checkpoint_rows (
  party bytea not null,
  checkpoint bigint not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  place bigint not null,
  primary key (checkpoint, place)
);
create index checkpoint_rows_of_place on checkpoint_rows (place, checkpoint);

-- Nodes of the tree, sixteen neighbours a page: level 0 has the leaves, each level above it the
-- roots of sixteen-leaf subtrees below. A page has its newest version and what to undo for the one
-- before; a cut writes over it in place (HOT). All of it can be rebuilt from the rows.
create table tree_pages (
  level smallint not null check (level >= 0),
  page bigint not null check (page >= 0),
  checkpoint bigint not null,
  nodes bytea not null check (octet_length(nodes) = 512),
  checkpoint_before bigint,
  -- for each node that was another before: its position in the page (a byte), its value (32 bytes)
  undo bytea check (octet_length(undo) % 33 = 0),
  primary key (level, page),
  constraint version_before_is_older check (checkpoint_before < checkpoint),
  constraint version_before_can_be_restored check ((checkpoint_before is null) = (undo is null))
) with (fillfactor = 45);
-- Hashes do not compress: not trying spares the time.
alter table tree_pages
  alter column nodes set storage external,
  alter column undo set storage external;


-- Settlement

-- Challenges to a pending checkpoint, which is not final before all are answered.
create table challenges (
  block_number bigint not null,
  log_index integer not null,
  checkpoint bigint not null references checkpoints,
  account bytea not null check (octet_length(account) = 20),
  challenger bytea not null check (octet_length(challenger) = 20),
  -- the least that the answer's row must show
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  -- by the chain's clock
  deadline timestamptz not null,
  outcome text check (outcome in ('answered', 'unanswered', 'void')),
  primary key (block_number, log_index)
);
create unique index open_challenges on challenges (checkpoint, account, challenger)
  where outcome is null;

-- Every transaction of the settler, written before it is sent: after a crash, it is known what may
-- still be mined.
create table settler_transactions (
  hash bytea primary key check (octet_length(hash) = 32),
  wallet bytea not null check (octet_length(wallet) = 20),
  nonce bigint not null,
  -- of the contract's address and the call's data: attempts at one call differ in their fees only
  call_hash bytea not null check (octet_length(call_hash) = 32),
  purpose text not null,
  -- in wei
  max_fee_per_gas numeric(78) not null,
  max_priority_fee_per_gas numeric(78) not null,
  created_at timestamptz not null default clock_timestamp()
);
create index settler_transactions_of_wallet on settler_transactions (wallet, nonce);
