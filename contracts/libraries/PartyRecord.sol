// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Movement} from "./Movement.sol";

/// @dev What the chain knows of one party, in cumulative micro-credits. One word, hence one slot:
///
///      | bits      | number                                                     |
///      | --------- | ---------------------------------------------------------- |
///      | 0 – 62    | `purchased`                                                |
///      | 63        | `isRedirected`: the party has chosen a recipient           |
///      | 64 – 127  | `spent`                                                    |
///      | 128 – 191 | `refunded`                                                 |
///      | 192 – 255 | `earned`                                                   |
///
///      Packed by hand, because a struct in memory costs each payout 3,600 gas more (decision
///      0107).
type PartyRecord is uint256;

using {
    purchased,
    isRedirected,
    spent,
    refunded,
    earned,
    equals,
    withPurchase,
    withRedirection,
    withRow,
    plus,
    since
} for PartyRecord global;

uint256 constant REDIRECTED = 1 << 63;

/// @dev All micro-credits that were bought for the party.
function purchased(PartyRecord record) pure returns (uint256) {
    return PartyRecord.unwrap(record) & (REDIRECTED - 1);
}

/// @dev Returns true if the party has chosen a recipient for its payouts.
function isRedirected(PartyRecord record) pure returns (bool) {
    return PartyRecord.unwrap(record) & REDIRECTED > 0;
}

/// @dev All micro-credits that settled rows charged the party.
function spent(PartyRecord record) pure returns (uint256) {
    return uint64(PartyRecord.unwrap(record) >> 64);
}

/// @dev All micro-credits that the party was paid back, by refunds and exits.
function refunded(PartyRecord record) pure returns (uint256) {
    return uint64(PartyRecord.unwrap(record) >> 128);
}

/// @dev All settled earnings of the party as a provider, in micro-credits.
function earned(PartyRecord record) pure returns (uint256) {
    return PartyRecord.unwrap(record) >> 192;
}

/// @dev Returns true if all numbers are equal.
function equals(PartyRecord a, PartyRecord b) pure returns (bool) {
    return PartyRecord.unwrap(a) == PartyRecord.unwrap(b);
}

/// @dev Adds a purchase. The sum of all purchases stays below 2^63, so no bit spills over.
function withPurchase(PartyRecord record, uint256 micros) pure returns (PartyRecord) {
    unchecked {
        return PartyRecord.wrap(PartyRecord.unwrap(record) + micros);
    }
}

/// @dev Notes whether the party has chosen a recipient.
function withRedirection(PartyRecord record, bool elsewhere) pure returns (PartyRecord) {
    uint256 word = PartyRecord.unwrap(record);
    return PartyRecord.wrap(elsewhere ? word | REDIRECTED : word & ~REDIRECTED);
}

/// @dev Replaces the three numbers of a row. Each fits 64 bits.
function withRow(
    PartyRecord record,
    uint256 spent_,
    uint256 refunded_,
    uint256 earned_
) pure returns (PartyRecord) {
    uint256 head = uint64(PartyRecord.unwrap(record));
    return PartyRecord.wrap(head | (spent_ << 64) | (refunded_ << 128) | (earned_ << 192));
}

/// @dev Adds a movement, number by number. No sum reaches 2^64: by I1 spending and refunds stay
///      within the party's purchases, and earnings stay within the final `spent`.
function plus(PartyRecord record, Movement movement) pure returns (PartyRecord) {
    unchecked {
        return PartyRecord.wrap(PartyRecord.unwrap(record) + Movement.unwrap(movement));
    }
}

/// @dev What moved between two records of one party that differ in the numbers of a row alone.
///      These numbers only grow (I3), so no difference is negative.
function since(PartyRecord next, PartyRecord before) pure returns (Movement) {
    unchecked {
        return Movement.wrap(PartyRecord.unwrap(next) - PartyRecord.unwrap(before));
    }
}
