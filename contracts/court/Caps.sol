// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title Recorded caps, and the spending that they cover
/// @dev Invariants: the account's owner signed each recorded cap under its counter. Covered
///      spending was in a final table, within the cap of a counter that was valid for that table.
abstract contract Caps is IDisputes, CourtBase {
    using Signatures for address;

    bytes32 private constant ALLOWANCE_TYPEHASH = keccak256(
        "Allowance(address account,bytes32 spender,uint64 limit,uint64 period,uint64 rollover,"
        "uint64 startsAt,uint64 expiresAt,uint8 priority,bytes32 scope,uint64 accountCap,"
        "uint64 counter,uint256 salt)"
    );

    uint32 private immutable COUNTER_GRACE_SECONDS;
    uint32 internal immutable DISPUTE_WINDOW_SECONDS;

    /// @inheritdoc IDisputes
    mapping(address account => mapping(uint64 counter => uint64 accountCap))
        public
        override recordedCap;

    /// @inheritdoc IDisputes
    mapping(address account => uint64 spent) public override coveredSpentOf;

    constructor(ITerms.Terms memory terms) {
        COUNTER_GRACE_SECONDS = terms.counterGraceSeconds;
        DISPUTE_WINDOW_SECONDS = terms.disputeWindowSeconds;
    }

    /// @inheritdoc IDisputes
    function recordCap(Allowance calldata allowance, bytes calldata signature) external override {
        address account = allowance.account;
        require(
            account.isValid(hashAllowance(allowance), signature),
            ICheckpoints.InvalidSignature(account)
        );
        if (allowance.accountCap <= recordedCap[account][allowance.counter]) return;
        recordedCap[account][allowance.counter] = allowance.accountCap;
        emit CapRecorded(account, allowance.counter, allowance.accountCap);
    }

    /// @inheritdoc IDisputes
    function coverSpending(
        Row calldata row,
        bytes32[] calldata proof,
        uint64 counter
    ) external override {
        CheckpointRecord memory last = VAULT.finalCheckpoint();
        uint64 cap = _capAt(row.party, counter, last.finalAt - DISPUTE_WINDOW_SECONDS);
        uint64 covered = row.spent < cap ? row.spent : cap;
        if (covered > coveredSpentOf[row.party]) {
            coveredSpentOf[row.party] = covered;
            emit SpendingCovered(row.party, counter, covered);
        }
        // Reverts the whole call if the row is not in that checkpoint.
        VAULT.settle(row, last.epoch, proof);
    }

    /// @inheritdoc IDisputes
    function hashAllowance(
        Allowance calldata allowance
    ) public view override returns (bytes32 digest) {
        return _hashTypedData(keccak256(abi.encode(ALLOWANCE_TYPEHASH, allowance)));
    }

    /// @dev Reverts unless the counter's cap covers the charges of a checkpoint that was submitted
    ///      at `submittedAt`. This is a time of the chain, because signers could backdate their
    ///      `asOf`.
    function _requireCovered(
        address account,
        uint64 spent,
        uint64 counter,
        uint256 submittedAt
    ) internal view {
        uint64 cap = _capAt(account, counter, submittedAt);
        require(spent <= cap, NotCovered(account, cap, spent));
    }

    /// @dev The counter's recorded cap for a checkpoint that was submitted at `submittedAt`.
    ///      Reverts if the counter ended more than its grace before.
    function _capAt(
        address account,
        uint64 counter,
        uint256 submittedAt
    ) private view returns (uint64 cap) {
        if (counter != VAULT.counterOf(account)) {
            uint256 endedAt = VAULT.counterEndedAt(account, counter);
            // A future counter has `endedAt` zero, which lies far beyond every grace.
            require(submittedAt <= endedAt + COUNTER_GRACE_SECONDS, CounterEnded(account, counter));
        }
        return recordedCap[account][counter];
    }
}
