// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title What the court asks of the vault, and what it may do to it
/// @notice The court is deployed by the vault itself and is as immutable. It can delay a checkpoint, drop it, and
///         freeze the vault; it can't move a party's tokens or credits.
interface ICourtLink is ICreditTypes {
    /// @notice Only the court may do that.
    error NotCourt(address caller);

    /// @notice Court: drops the pending checkpoint.
    function dropPending() external;

    /// @notice Court: moves the time at which the pending checkpoint becomes final.
    function setFinalAt(uint40 finalAt) external;

    /// @notice Court: freezes the vault, unless it is frozen, and adds what a slashed bond left to the unspent pool.
    function freezeWithCover(uint64 creditMicros) external;

    /// @notice Where disputes are held.
    function court() external view returns (address);

    /// @notice How many checkpoints were dropped so far.
    function drops() external view returns (uint64);

    /// @notice When attempts at an epoch were dropped, or its signers replaced, so that it had to be signed again; in
    ///         order.
    function dropTimesOf(uint64 epoch) external view returns (uint256[] memory timestamps);

    /// @notice When an account's counter was raised from that value; zero if it was not.
    function counterEndedAt(address account, uint64 counter) external view returns (uint40);

    /// @notice Reverts unless enough of those signed who were signers at that time. The former ones count for
    ///         `signerDelaySeconds` after they were replaced.
    function requireQuorum(
        bytes32 digest,
        SignerSignature[] calldata signatures,
        uint64 signedAt
    ) external view;

    /// @notice EIP-712 domain separator of everything that is signed for the vault and its court.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice Micro-credits that the rest of a slashed bond added to the unspent pool.
    function coveredMicros() external view returns (uint64);
}
