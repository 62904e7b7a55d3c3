// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title What the court may read and do in the vault
/// @notice The vault deploys its court, and neither can be replaced. The court can delay or drop a
///         checkpoint and freeze the vault. It cannot move tokens or credits of a party.
interface ICourtLink is ICreditTypes {
    /// @notice Only the court may call this.
    error NotCourt(address caller);

    /// @notice Court: drops the pending checkpoint.
    function dropPending() external;

    /// @notice Court: changes the time at which the pending checkpoint becomes final.
    function setFinalAt(uint40 finalAt) external;

    /// @notice Court: freezes the vault if it is not frozen, and adds what arrived of a slashed
    ///         bond to the unspent pool.
    function freezeWithCover(uint64 creditMicros) external;

    /// @notice The contract that holds disputes.
    function court() external view returns (address);

    /// @notice How many checkpoints were dropped so far.
    function drops() external view returns (uint64);

    /// @notice Returns true if an attempt at the epoch was dropped at or after `first` and before
    ///         `second`. Signatures for tables of these two times are then for two attempts.
    function wasDroppedBetween(
        uint64 epoch,
        uint64 first,
        uint64 second
    ) external view returns (bool);

    /// @notice When an account's counter was raised from that value; zero if it was not.
    function counterEndedAt(address account, uint64 counter) external view returns (uint40);

    /// @notice Reverts unless enough of the present signers signed. Former signers never count.
    function requireQuorum(bytes32 digest, SignerSignature[] calldata signatures) external view;

    /// @notice The EIP-712 domain separator of all messages for the vault and its court.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice Micro-credits that slashed bonds added to the unspent pool.
    function coveredMicros() external view returns (uint64);
}
