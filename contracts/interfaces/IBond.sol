// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title The operator's bond: what signing two truths for one epoch costs
/// @notice Half goes to whoever shows both (signers could otherwise slash themselves for free), half covers exits.
interface IBond is ICreditTypes {
    /// @notice The bond has grown.
    event BondDeposited(address indexed by, uint256 tokenAmount, uint256 bond);

    /// @notice The owner will withdraw the bond. It can be slashed until it is gone.
    event BondWithdrawalAnnounced(address indexed recipient, uint256 effectiveAt);

    /// @notice The bond was withdrawn, after its delay.
    event BondWithdrawn(address indexed recipient, uint256 tokenAmount);

    /// @notice The signers signed two different checkpoints for one epoch.
    event Equivocated(
        uint64 indexed epoch,
        address indexed reporter,
        uint256 rewardTokens,
        uint64 coveredMicros
    );

    /// @notice The signers promised a provider what their own total leaves no room for: others were paid in its place.
    event CameShort(
        uint64 indexed epoch,
        address indexed provider,
        uint256 rewardTokens,
        uint64 coveredMicros
    );

    /// @notice Only the vault's owner may do that.
    error NotOwner(address caller, address owner);

    /// @notice The withdrawal was not announced, or has to wait.
    error BondLocked(address recipient, uint256 now_, uint256 effectiveAt);

    /// @notice The withdrawal was announced too long ago: it may be taken for `signerDelaySeconds` after its delay.
    error BondWithdrawalExpired(address recipient, uint256 now_, uint256 expiry);

    /// @notice Not two different checkpoints of one epoch, or an attempt at it was dropped on chain between the one and the
    ///         other, so that it had to be signed again. A drop after both were cut saves nobody.
    error NoEquivocation();

    /// @notice The row's earnings were paid, or there is still room for them under the total.
    error NoShortfall(address provider);

    /// @notice Adds the caller's tokens to the bond. Anyone may.
    function depositBond(uint256 tokenAmount) external;

    /// @notice Vault's owner: announces a withdrawal of the bond, which takes effect after `signerDelaySeconds`, in place
    ///         of one that was announced before.
    function announceBondWithdrawal(address recipient) external;

    /// @notice Anyone, after the delay: pays the bond to the announced recipient.
    function withdrawBond(address recipient) external;

    /// @notice Slashes the bond and freezes the vault, by two different checkpoints signed for one epoch. Anyone may. The
    ///         signers of each are those of the time that it says it was cut at.
    function proveEquivocation(
        Checkpoint calldata a,
        SignerSignature[] calldata signaturesOfA,
        Checkpoint calldata b,
        SignerSignature[] calldata signaturesOfB
    ) external;

    /// @notice Slashes the bond and freezes the vault, by a row of the last final checkpoint whose earnings can't be paid
    ///         because others have taken all that the checkpoint's total says was earned: its rows add up to more than
    ///         that, which no honest table's do. Up to half of the bond makes good for it. Anyone may.
    function proveShortfall(Row calldata row, bytes32[] calldata proof) external;

    /// @notice Token base units at stake.
    function bond() external view returns (uint256 tokenAmount);

    /// @notice When a withdrawal may take effect; zero if it was not announced.
    function bondWithdrawalAt(address recipient) external view returns (uint256 timestamp);
}
