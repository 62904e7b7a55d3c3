// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves of the pools: each step keeps the vault solvent, if it was (`npm run prove`)
/// @dev An induction over everything that moves totals. The steps are the ones of Settlement, Exits and Checkpoints,
///      with the same functions of Accounting. Micro-credits; rounding only ever favours the vault.
contract PoolsProof {
    struct Totals {
        uint64 purchased;
        uint64 covered;
        uint64 exited;
        uint64 finalSpent;
        uint64 finalRefunded;
        uint64 finalEarned;
        uint64 settledSpent;
        uint64 refunded;
        uint64 earned;
        uint64 fees;
        uint64 limit;
    }

    function settling(Totals memory t, uint64 refundWanted, uint64 earningWanted) external pure {
        require(_solvent(t));
        uint256 payable_ = Accounting.less(_booked(t), t.fees);
        uint256 earning = Accounting.less(Accounting.min(t.finalEarned, payable_), t.earned);
        uint256 refund = Accounting.less(t.finalRefunded, t.refunded);
        require(refundWanted <= refund && earningWanted <= earning);
        t.refunded += refundWanted;
        t.earned += earningWanted;
        assert(_solvent(t));
    }

    function takingFees(Totals memory t) external pure {
        require(_solvent(t));
        t.fees += uint64(Accounting.less(_booked(t), uint256(t.finalEarned) + t.fees));
        assert(_solvent(t));
    }

    function exiting(Totals memory t, uint64 wanted) external pure {
        require(_solvent(t));
        require(wanted <= Accounting.less(_exitable(t), _booked(t)));
        t.exited += wanted;
        assert(_solvent(t));
    }

    function provingSpent(Totals memory t, uint64 settledSpent) external pure {
        require(_solvent(t));
        require(settledSpent >= t.settledSpent);
        t.settledSpent = settledSpent;
        assert(_solvent(t));
    }

    function finalizing(Totals memory t, uint64 spent, uint64 refunded, uint64 earned) external pure {
        require(_solvent(t) && t.exited == 0);
        require(spent >= t.finalSpent && refunded >= t.finalRefunded && earned >= t.finalEarned);
        require(uint256(spent) + refunded <= t.purchased && earned <= spent);
        require(spent - earned >= t.finalSpent - t.finalEarned);
        (t.finalSpent, t.finalRefunded, t.finalEarned) = (spent, refunded, earned);
        assert(_solvent(t));
    }

    function buying(Totals memory t, uint64 creditMicros) external pure {
        require(_solvent(t));
        require(uint256(t.purchased) + creditMicros <= uint64(type(int64).max));
        t.purchased += creditMicros;
        assert(_solvent(t));
    }

    /// @dev What has left and what may be asked for is there.
    function _solvent(Totals memory t) private pure returns (bool) {
        uint256 all = uint256(t.purchased) + t.covered;
        uint256 outside = uint256(t.finalRefunded) + t.exited;
        return
            t.purchased <= uint64(type(int64).max) &&
            t.covered <= uint64(type(int64).max) &&
            t.finalEarned <= t.finalSpent &&
            t.refunded <= t.finalRefunded &&
            uint256(t.finalSpent) + t.finalRefunded <= t.purchased &&
            uint256(t.earned) + t.fees <= t.finalSpent &&
            uint256(t.earned) + t.fees + outside <= all &&
            (t.limit < type(uint64).max || t.finalSpent + outside <= all);
    }

    function _booked(Totals memory t) private pure returns (uint256) {
        if (t.limit == type(uint64).max) return t.finalSpent;
        return Accounting.booked(t.finalSpent, t.settledSpent, t.limit, _exitable(t));
    }

    function _exitable(Totals memory t) private pure returns (uint256) {
        return Accounting.less(uint256(t.purchased) + t.covered, uint256(t.finalRefunded) + t.exited);
    }
}
