// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Movement} from "./Movement.sol";

/// @dev Sums over all settled rows and exits, and the fees taken, in cumulative micro-credits. One
///      word, hence one slot:
///
///      | bits      | number                                                     |
///      | --------- | ---------------------------------------------------------- |
///      | 0 – 63    | `feesTaken`                                                |
///      | 64 – 127  | `spent`                                                    |
///      | 128 – 191 | `refunded`, exits included                                 |
///      | 192 – 255 | `earned`                                                   |
type SettledTotals is uint256;

using {feesTaken, spent, refunded, earned, plus, plusFees} for SettledTotals global;

/// @dev All micro-credits that the fee recipient was paid.
function feesTaken(SettledTotals totals) pure returns (uint256) {
    return uint64(SettledTotals.unwrap(totals));
}

/// @dev All micro-credits that settled rows charged.
function spent(SettledTotals totals) pure returns (uint256) {
    return uint64(SettledTotals.unwrap(totals) >> 64);
}

/// @dev All micro-credits that refunds and exits paid back.
function refunded(SettledTotals totals) pure returns (uint256) {
    return uint64(SettledTotals.unwrap(totals) >> 128);
}

/// @dev All micro-credits that providers were paid.
function earned(SettledTotals totals) pure returns (uint256) {
    return SettledTotals.unwrap(totals) >> 192;
}

/// @dev Adds a movement, number by number. No sum reaches 2^64: by I1 spending and refunds stay
///      within all purchases, and earnings stay within the final `spent`.
function plus(SettledTotals totals, Movement movement) pure returns (SettledTotals) {
    unchecked {
        return SettledTotals.wrap(SettledTotals.unwrap(totals) + Movement.unwrap(movement));
    }
}

/// @dev Adds fees. All fees stay within the final `spent`, below 2^63, so no bit spills over.
function plusFees(SettledTotals totals, uint256 micros) pure returns (SettledTotals) {
    unchecked {
        return SettledTotals.wrap(SettledTotals.unwrap(totals) + micros);
    }
}
