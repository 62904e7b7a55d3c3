// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title What owners have signed for
/// @dev Invariant: a recorded cap was signed by the account's owner, under that counter.
abstract contract Caps is IDisputes, CourtBase {
    using Signatures for address;

    bytes32 private constant ALLOWANCE_TYPEHASH = keccak256(
        "Allowance(address account,bytes32 spender,uint64 limit,uint64 period,uint64 rollover,uint64 startsAt,uint64 expiresAt,uint8 priority,bytes32 scope,uint64 accountCap,uint64 counter,uint256 salt)"
    );

    uint32 private immutable COUNTER_GRACE_SECONDS;

    /// @inheritdoc IDisputes
    mapping(address account => mapping(uint64 counter => uint64 accountCap)) public override recordedCap;

    constructor(uint32 counterGraceSeconds) {
        COUNTER_GRACE_SECONDS = counterGraceSeconds;
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
        if (counter != VAULT.counterOf(account)) {
            uint256 endedAt = VAULT.counterEndedAt(account, counter);
            // Zero for a counter that has not begun: so long ago that no grace reaches it.
            require(submittedAt <= endedAt + COUNTER_GRACE_SECONDS, CounterEnded(account, counter));
        }
        uint64 cap = recordedCap[account][counter];
        require(spent <= cap, NotCovered(account, cap, spent));
    }
}
