// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Freeze and exits: the way out that needs no help of the operator
/// @notice A frozen vault stays frozen. It sells no credits, accepts no checkpoints, and has
///         dropped a pending one. Every party can exit.
interface IExits is ICreditTypes {
    /// @notice The vault was frozen for good.
    event Frozen(address indexed by);

    /// @notice A party was paid its unspent credits.
    event Exited(address indexed party, uint64 creditMicros, uint256 tokenAmount);

    /// @notice The vault is frozen.
    error VaultFrozen(uint40 frozenAt);

    /// @notice The vault is not frozen.
    error NotFrozen();

    /// @notice The account has no overdue refund request.
    error RefundNotOverdue(address account, uint256 now_, uint40 deadline);

    /// @notice Before `graceEndsAt` an exit needs a proof.
    error ExitNeedsProof(uint256 now_, uint256 graceEndsAt);

    /// @notice Freezes the vault for good, because an account's refund request is overdue. Anyone
    ///         may.
    function freeze(address account) external;

    /// @notice Settles a row of the last final checkpoint and pays its party all credits that are
    ///         unspent by that row. Anyone may, in a frozen vault. Draws on the unspent pool only.
    /// @return tokenAmount Token base units that were paid, or that the vault owes if the token
    ///         refused.
    function exit(
        Row calldata row,
        bytes32[] calldata proof
    ) external returns (uint256 tokenAmount);

    /// @notice Pays a party the credits that are unspent on chain, after the grace for exits with a
    ///         proof. Anyone may. During the grace anyone may settle the row of a party that hides
    ///         its spending.
    /// @return tokenAmount Token base units that were paid, or that the vault owes if the token
    ///         refused.
    function exitWithoutProof(address party) external returns (uint256 tokenAmount);

    /// @notice When the vault was frozen; zero if it is not frozen.
    function frozenAt() external view returns (uint40);

    /// @notice Micro-credits that refunds and exits may still take.
    function unspentPool() external view returns (uint64);
}
