// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title What owners have signed for
/// @dev Invariants: a recorded cap was signed by the account's owner, under that counter; what is covered was in a final
///      table, and within the cap of a counter that was good for it.
abstract contract Caps is IDisputes, CourtBase {
    using Signatures for address;

    bytes32 private constant ALLOWANCE_TYPEHASH = keccak256(
        "Allowance(address account,bytes32 spender,uint64 limit,uint64 period,uint64 rollover,uint64 startsAt,uint64 expiresAt,uint8 priority,bytes32 scope,uint64 accountCap,uint64 counter,uint256 salt)"
    );

    uint32 private immutable COUNTER_GRACE_SECONDS;
    uint32 internal immutable DISPUTE_WINDOW_SECONDS;

    /// @inheritdoc IDisputes
    mapping(address account => mapping(uint64 counter => uint64 accountCap)) public override recordedCap;

    /// @inheritdoc IDisputes
    mapping(address account => uint64 spent) public override coveredSpentOf;

    constructor(ITerms.Terms memory terms) {
        COUNTER_GRACE_SECONDS = terms.counterGraceSeconds;
        DISPUTE_WINDOW_SECONDS = terms.disputeWindowSeconds;
    }

    /// @inheritdoc IDisputes
    function recordCap(Allowance calldata allowance, bytes calldata signature) external override {
        address account = allowance.account;
        require(account.isValid(hashAllowance(allowance), signature), ICheckpoints.InvalidSignature(account));
        if (allowance.accountCap <= recordedCap[account][allowance.counter]) return;
        recordedCap[account][allowance.counter] = allowance.accountCap;
        emit CapRecorded(account, allowance.counter, allowance.accountCap);
    }

    /// @inheritdoc IDisputes
    function coverSpending(Row calldata row, bytes32[] calldata proof, uint64 counter) external override {
        CheckpointRecord memory last = VAULT.finalCheckpoint();
        uint64 cap = _capAt(row.party, counter, last.finalAt - DISPUTE_WINDOW_SECONDS);
        uint64 covered = row.spent < cap ? row.spent : cap;
        if (covered > coveredSpentOf[row.party]) {
            coveredSpentOf[row.party] = covered;
            emit SpendingCovered(row.party, counter, covered);
        }
        // Reverts, with all of this, where the row is not of that checkpoint.
        VAULT.settle(row, last.epoch, proof);
    }

    /// @inheritdoc IDisputes
    function hashAllowance(Allowance calldata allowance) public view override returns (bytes32 digest) {
        return _hashTypedData(keccak256(abi.encode(ALLOWANCE_TYPEHASH, allowance)));
    }

    /// @dev Reverts unless a cap of that counter covers what a checkpoint, submitted then, charges. Time is the
    ///      chain's: signers could backdate their own.
    function _requireCovered(
        address account,
        uint64 spent,
        uint64 counter,
        uint256 submittedAt
    ) internal view {
        uint64 cap = _capAt(account, counter, submittedAt);
        require(spent <= cap, NotCovered(account, cap, spent));
    }

    /// @dev What a counter's recorded cap allows a checkpoint to charge that was submitted then.
    function _capAt(address account, uint64 counter, uint256 submittedAt) private view returns (uint64 cap) {
        if (counter != VAULT.counterOf(account)) {
            uint256 endedAt = VAULT.counterEndedAt(account, counter);
            // Zero for a counter that has not begun: so long ago that no grace reaches it.
            require(submittedAt <= endedAt + COUNTER_GRACE_SECONDS, CounterEnded(account, counter));
        }
        return recordedCap[account][counter];
    }
}
