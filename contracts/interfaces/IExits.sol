// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title The way out that needs nobody's help
/// @notice Frozen, for good: no buying, no checkpoints; a pending one is dropped. Everyone exits.
interface IExits is ICreditTypes {
    /// @notice The vault is closed for ever.
    event Frozen(address indexed by);

    /// @notice A party has taken its unspent credits out.
    event Exited(address indexed party, uint64 creditMicros, uint256 tokenAmount);

    /// @notice This needs a vault that is not frozen.
    error VaultFrozen(uint40 frozenAt);

    /// @notice This needs a frozen vault.
    error NotFrozen();

    /// @notice The account has no request that is overdue.
    error RefundNotOverdue(address account, uint256 now_, uint40 deadline);

    /// @notice Until then an exit needs a proof.
    error ExitNeedsProof(uint256 now_, uint256 graceEndsAt);

    /// @notice Freezes the vault, for good, because an account's refund request was not served in time. Anyone may.
    function freeze(address account) external;

    /// @notice Settles a row of the last final checkpoint and pays its party all that is left unspent, by that row.
    ///         Anyone may, as soon as the vault is frozen. Draws on the unspent pool only.
    function exit(Row calldata row, bytes32[] calldata proof) external returns (uint256 tokenAmount);

    /// @notice Pays a party what the chain knows to be unspent, once the grace for exits with a proof is over.
    ///         Anyone may. (Until then anyone may settle the row of a party that is silent about its spending.)
    function exitWithoutProof(address party) external returns (uint256 tokenAmount);

    /// @notice When the vault was frozen; zero if it is not.
    function frozenAt() external view returns (uint40);

    /// @notice Micro-credits that refunds and exits may still take.
    function unspentPool() external view returns (uint64);
}
