// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PartyRecord} from "./PartyRecord.sol";

/// @title The arithmetic of rows and pools, without storage, clock or tokens
/// @dev All credits move by these functions, so that they can be proved on their own (`npm run
///      prove`). Amounts are cumulative micro-credits.
library Accounting {
    /// @notice Applies a row to its party as far as I1 and the pools allow. It never reverts and
    ///         lowers no number (I3).
    /// @dev An old or repeated row changes nothing. A row that promises too much is cut, so that it
    ///      takes nothing from other parties. Rows of an honest table are never cut. Paid refunds
    ///      come first, then spending, then new refunds: paid credits cannot be spent again.
    /// @param spent The row's number, like the two after it.
    /// @param refundPool The most that may still leave as refunds: the final checkpoint's total
    ///        less the settled one.
    /// @param earningPool The most that may still leave as earnings.
    function applied(
        PartyRecord party,
        uint256 spent,
        uint256 refunded,
        uint256 earned,
        uint256 refundPool,
        uint256 earningPool
    ) internal pure returns (PartyRecord) {
        // Differences: by I1 refunds are at most purchases, and `spentNow` is at most purchases
        // less refunds. Sums: two numbers below 2^65 fit 256 bits.
        unchecked {
            uint256 purchased = party.purchased();
            uint256 refundedBefore = party.refunded();
            uint256 earnedBefore = party.earned();
            uint256 spentNow = grown(party.spent(), spent, purchased - refundedBefore);
            uint256 refundable = min(refundedBefore + refundPool, purchased - spentNow);
            return
                party.withRow(
                    spentNow,
                    grown(refundedBefore, refunded, refundable),
                    grown(earnedBefore, earned, earnedBefore + earningPool)
                );
        }
    }

    /// @notice What an exiting party may take: all its unspent credits, up to the pool.
    /// @param spent The row's number. It may be above the settled one, and above all purchases.
    function unspentOf(
        PartyRecord party,
        uint256 spent,
        uint256 pool
    ) internal pure returns (uint256) {
        uint256 left = party.purchased() - party.refunded();
        uint256 spentBefore = party.spent();
        return min(less(left, spent > spentBefore ? spent : spentBefore), pool);
    }

    /// @notice The part of the final `spent` that earnings and fees may draw on: at most the
    ///         settled spending plus the limit for unproven spending, and at most what is still in
    ///         the vault.
    function booked(
        uint256 spent,
        uint256 settledSpent,
        uint256 unprovenLimit,
        uint256 remaining
    ) internal pure returns (uint256) {
        return min(min(spent, remaining), settledSpent + unprovenLimit);
    }

    /// @notice The difference `a − b`, or zero if `b` is larger.
    function less(uint256 a, uint256 b) internal pure returns (uint256) {
        // Subtracts only if `a` is larger.
        unchecked {
            return a > b ? a - b : 0;
        }
    }

    /// @notice Returns `target`, but at least `current` and at most `limit`. The caller ensures
    ///         `current ≤ limit`.
    function grown(uint256 current, uint256 target, uint256 limit) internal pure returns (uint256) {
        uint256 capped = min(target, limit);
        return capped > current ? capped : current;
    }

    /// @notice The smaller of two numbers.
    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
