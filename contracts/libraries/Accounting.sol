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

    /// @dev One storage slot: sums of what settled rows moved, and the fees that were taken.
    struct Settled {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 fees;
    }

    /// @dev What a row claims for its party, whoever signed it.
    struct Claim {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
    }

    /// @dev The most that may still leave: each pool is what the final checkpoint promised less what was taken.
    struct Pools {
        uint64 refund;
        uint64 earning;
    }

    /// @notice Applies a row to its party as far as invariants and pools allow; never fails, never goes back.
    /// @dev A stale or repeated row changes nothing. A row that promises too much is cut, so that it can take
    ///      from nobody else; with an honest table no cut ever happens. Refunds already paid come first, then
    ///      what was spent, then new refunds: what has left the vault can't be spent again.
    function applied(
        Party memory party,
        Claim memory claim,
        Pools memory pools
    ) internal pure returns (Party memory next) {
        next.purchased = party.purchased;
        next.spent = _grown(party.spent, claim.spent, party.purchased - party.refunded);
        next.refunded = _grown(
            party.refunded,
            claim.refunded,
            _min(uint256(party.refunded) + pools.refund, party.purchased - next.spent)
        );
        next.earned = _grown(party.earned, claim.earned, uint256(party.earned) + pools.earning);
    }

    /// @notice The books after taking out all that is unspent, as far as the pool goes.
    function exited(Party memory party, uint64 pool) internal pure returns (Party memory next) {
        uint64 unspent = party.purchased - party.spent - party.refunded;
        next.purchased = party.purchased;
        next.spent = party.spent;
        next.refunded = party.refunded + uint64(_min(unspent, pool));
        next.earned = party.earned;
    }

    /// @notice Whether nothing changed.
    function same(Party memory a, Party memory b) internal pure returns (bool) {
        return a.spent == b.spent && a.refunded == b.refunded && a.earned == b.earned;
    }

    /// @notice The sums after a party's books moved from `books` to `next`.
    function moved(
        Settled memory settled,
        Party memory books,
        Party memory next
    ) internal pure returns (Settled memory) {
        return
            Settled({
                spent: settled.spent + (next.spent - books.spent),
                refunded: settled.refunded + (next.refunded - books.refunded),
                earned: settled.earned + (next.earned - books.earned),
                fees: settled.fees
            });
    }

    /// @notice The part of the final `spent` that is backed: by settled rows, or by the limit for unproven ones,
    ///         and by what is still there.
    function booked(
        uint64 spent,
        uint64 settledSpent,
        uint64 unprovenLimit,
        uint64 remaining
    ) internal pure returns (uint64) {
        return uint64(_min(_min(spent, remaining), uint256(settledSpent) + unprovenLimit));
    }

    /// @notice a − b, or zero.
    function less(uint256 a, uint256 b) internal pure returns (uint64) {
        return a > b ? uint64(a - b) : 0;
    }

    /// @dev `target`, but not below `current` and not above `limit`. Needs current ≤ limit.
    function _grown(uint64 current, uint64 target, uint256 limit) private pure returns (uint64) {
        uint256 capped = _min(target, limit);
        return capped > current ? uint64(capped) : current;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
