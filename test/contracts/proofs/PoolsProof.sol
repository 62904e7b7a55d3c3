// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves of the pools: each step keeps the vault solvent, if it was (`npm run prove`)
/// @dev An induction: solvent means that what has left as earnings and fees, what rows may take as refunds, and what
///      exits have taken, is at most what came in. `left` is earnings and fees together. Micro-credits.
contract PoolsProof {
    /// @dev Settling or taking fees, under a limit for unproven rows.
    function drawingUnderALimit(
        uint64 all,
        uint64 promised,
        uint64 exited,
        uint64 left,
        uint64 spent,
        uint64 settledSpent,
        uint64 limit,
        uint64 drawn
    ) external pure {
        require(uint256(left) + promised + exited <= all);
        uint256 exitable = Accounting.less(all, uint256(promised) + exited);
        require(drawn <= Accounting.less(Accounting.booked(spent, settledSpent, limit, exitable), left));
        assert(uint256(left) + drawn + promised + exited <= all);
        assert(drawn == 0 || uint256(left) + drawn <= uint256(settledSpent) + limit);
    }

    /// @dev The same without a limit: then exits stay clear of all that is final.
    function drawingWithoutALimit(
        uint64 all,
        uint64 promised,
        uint64 exited,
        uint64 left,
        uint64 spent,
        uint64 drawn
    ) external pure {
        require(uint256(spent) + promised + exited <= all && left <= spent);
        require(drawn <= Accounting.less(spent, left));
        assert(uint256(left) + drawn <= spent);
    }

    function exitingUnderALimit(
        uint64 all,
        uint64 promised,
        uint64 exited,
        uint64 left,
        uint64 spent,
        uint64 settledSpent,
        uint64 limit,
        uint64 taken
    ) external pure {
        require(uint256(left) + promised + exited <= all);
        uint256 exitable = Accounting.less(all, uint256(promised) + exited);
        uint256 booked = Accounting.booked(spent, settledSpent, limit, exitable);
        require(left <= booked && taken <= Accounting.less(exitable, booked));
        assert(uint256(left) + promised + exited + taken <= all);
    }

    function exitingWithoutALimit(
        uint64 all,
        uint64 promised,
        uint64 exited,
        uint64 spent,
        uint64 taken
    ) external pure {
        require(uint256(spent) + promised + exited <= all);
        require(taken <= Accounting.less(Accounting.less(all, uint256(promised) + exited), spent));
        assert(uint256(spent) + promised + exited + taken <= all);
    }
}
