// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../interfaces/IDisputes.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title Proofs of fraud: rows of the pending checkpoint that cannot be true
/// @dev A proof takes one transaction. Invariant: no proof of fraud exists against an honest
///      checkpoint.
abstract contract FraudProofs is IDisputes, CourtBase {
    /// @inheritdoc IDisputes
    function proveFraud(Row[] calldata rows, bytes32[][] calldata proofs) external override {
        require(rows.length == proofs.length, LengthMismatch(rows.length, proofs.length));
        CheckpointRecord memory pending = _requirePending();
        require(_hasFraud(pending, rows, proofs), NoFraud());
        VAULT.dropPending();
    }

    /// @inheritdoc IDisputes
    function proveShrunk(
        Row calldata before,
        bytes32[] calldata proofBefore,
        Row calldata row,
        bytes32[] calldata proof
    ) external override {
        CheckpointRecord memory pending = _requirePending();
        require(row.party == before.party, PartyMismatch(row.party, before.party));
        _requireRowOf(VAULT.finalCheckpoint(), before, proofBefore);
        _requireRowOf(pending, row, proof);
        require(!_covers(row, before.spent, before.refunded, before.earned), NoFraud());
        VAULT.dropPending();
    }

    /// @dev Returns true if a row breaks a rule, or all rows together exceed a total. Reverts if a
    ///      row is not in the checkpoint.
    function _hasFraud(
        CheckpointRecord memory pending,
        Row[] calldata rows,
        bytes32[][] calldata proofs
    ) private view returns (bool) {
        uint256 spent = 0;
        uint256 refunded = 0;
        uint256 earned = 0;
        for (uint256 i = 0; i < rows.length; ++i) {
            Row calldata row = rows[i];
            _requireRowOf(pending, row, proofs[i]);
            if (!_isPaidFor(row) || _isBehind(row)) return true;
            if (i > 0 && _isSecond(rows[i - 1], row)) return true;
            spent += row.spent;
            refunded += row.refunded;
            earned += row.earned;
        }
        return spent > pending.spent || refunded > pending.refunded || earned > pending.earned;
    }

    /// @dev Returns true if a row has less than is settled for its party (I3).
    function _isBehind(Row calldata row) private view returns (bool) {
        (, uint64 spent, uint64 refunded, uint64 earned) = VAULT.party(row.party);
        return !_covers(row, spent, refunded, earned);
    }

    /// @dev Returns true if both rows differ and belong to one party. Reverts if the parties do not
    ///      ascend, which includes the same row twice.
    function _isSecond(Row calldata previous, Row calldata row) private pure returns (bool) {
        if (
            row.party == previous.party &&
            keccak256(abi.encode(row)) != keccak256(abi.encode(previous))
        ) return true;
        require(row.party > previous.party, PartiesNotAscending(previous.party, row.party));
        return false;
    }
}
