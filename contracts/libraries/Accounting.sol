// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The arithmetic of rows and pools: no storage, no clock, no tokens
/// @dev Everything that moves credits goes through here, so that it can be proved apart from the rest
///      (`npm run prove`). Amounts are cumulative micro-credits.
library Accounting {
    /// @dev One storage slot. Invariant I1: spent + refunded ≤ purchased.
    struct Party {
        uint64 purchased;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
    }

    /// @dev One storage slot: sums of what settled rows and exits moved, and the fees that were taken.
    struct Settled {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 fees;
    }

    /// @dev The most that may still leave: each pool is what the final checkpoint promised less what was taken.
    struct Pools {
        uint256 refund;
        uint256 earning;
    }

    /// @notice Applies a row to its party as far as invariants and pools allow; never fails, never goes back.
    /// @dev A stale or repeated row changes nothing. A row that promises too much is cut, so that it can take
    ///      from nobody else; with an honest table no cut ever happens. Refunds already paid come first, then
    ///      what was spent, then new refunds: what has left the vault can't be spent again.
    function applied(
        Party memory party,
        uint256 spent,
        uint256 refunded,
        uint256 earned,
        Pools memory pools
    ) internal pure returns (Party memory next) {
        // I1 makes the differences non-negative; sums of two 64-bit numbers fit 256 bits.
        unchecked {
            uint256 purchased = party.purchased;
            uint256 refundedBefore = party.refunded;
            uint256 earnedBefore = party.earned;
            uint256 spentNow = grown(party.spent, spent, purchased - refundedBefore);
            uint256 refundable = min(refundedBefore + pools.refund, purchased - spentNow);
            next = Party({
                purchased: uint64(purchased),
                spent: uint64(spentNow),
                refunded: uint64(grown(refundedBefore, refunded, refundable)),
                earned: uint64(grown(earnedBefore, earned, earnedBefore + pools.earning))
            });
        }
    }

    /// @notice The books after taking out all that is unspent, as far as the pool goes.
    /// @param spent What its row says, which may be more than the books say, and more than it has.
    function exited(Party memory party, uint64 spent, uint64 pool) internal pure returns (Party memory next) {
        uint256 left = party.purchased - party.refunded;
        uint256 unspent = less(left, spent > party.spent ? spent : party.spent);
        next = Party({
            purchased: party.purchased,
            spent: party.spent,
            refunded: party.refunded + uint64(min(unspent, pool)),
            earned: party.earned
        });
    }

    /// @notice The sums after a party's books moved from `books` to `next`.
    function moved(
        Settled memory settled,
        Party memory books,
        Party memory next
    ) internal pure returns (Settled memory) {
        // A party's numbers only grow, and the sums of all stay below what was purchased in total.
        unchecked {
            return
                Settled({
                    spent: settled.spent + (next.spent - books.spent),
                    refunded: settled.refunded + (next.refunded - books.refunded),
                    earned: settled.earned + (next.earned - books.earned),
                    fees: settled.fees
                });
        }
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
