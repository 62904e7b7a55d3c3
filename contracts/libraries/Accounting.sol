// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Books, booksOf} from "./Books.sol";

/// @title The arithmetic of rows and pools: no storage, no clock, no tokens
/// @dev Everything that moves credits goes through here, so that it can be proved apart from the rest
///      (`npm run prove`). Amounts are cumulative micro-credits.
library Accounting {
    /// @notice Applies a row to its party as far as invariants and pools allow; never fails, never goes back.
    /// @dev A stale or repeated row changes nothing. A row that promises too much is cut, so that it can take
    ///      from nobody else; with an honest table no cut ever happens. Refunds already paid come first, then
    ///      what was spent, then new refunds: what has left the vault can't be spent again.
    /// @param spent What the row says, as the two after it.
    /// @param refundPool The most that may still leave as refunds: what the final checkpoint promised less what was taken.
    /// @param earningPool The same for earnings.
    function applied(
        Books party,
        uint256 spent,
        uint256 refunded,
        uint256 earned,
        uint256 refundPool,
        uint256 earningPool
    ) internal pure returns (Books) {
        // I1 makes the differences non-negative; sums of two 64-bit numbers fit 256 bits.
        unchecked {
            uint256 purchased = party.purchased();
            uint256 refundedBefore = party.refunded();
            uint256 earnedBefore = party.earned();
            uint256 spentNow = grown(party.spent(), spent, purchased - refundedBefore);
            uint256 refundable = min(refundedBefore + refundPool, purchased - spentNow);
            return
                booksOf(
                    party.head(),
                    spentNow,
                    grown(refundedBefore, refunded, refundable),
                    grown(earnedBefore, earned, earnedBefore + earningPool)
                );
        }
    }

    /// @notice What a party may take out that exits: all that is unspent, as far as the pool goes.
    /// @param spent What its row says, which may be more than the books say, and more than it has.
    function unspentOf(Books party, uint256 spent, uint256 pool) internal pure returns (uint256) {
        uint256 left = party.purchased() - party.refunded();
        uint256 spentBefore = party.spent();
        return min(less(left, spent > spentBefore ? spent : spentBefore), pool);
    }

    /// @notice The part of the final `spent` that is backed: by settled rows, or by the limit for unproven ones,
    ///         and by what is still there.
    function booked(
        uint256 spent,
        uint256 settledSpent,
        uint256 unprovenLimit,
        uint256 remaining
    ) internal pure returns (uint256) {
        return min(min(spent, remaining), settledSpent + unprovenLimit);
    }

    /// @notice a − b, or zero.
    function less(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return a > b ? a - b : 0;
        }
    }

    /// @notice `target`, but not below `current` and not above `limit`, which is not below `current`.
    function grown(uint256 current, uint256 target, uint256 limit) internal pure returns (uint256) {
        uint256 capped = min(target, limit);
        return capped > current ? capped : current;
    }

    /// @notice The smaller of the two.
    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
