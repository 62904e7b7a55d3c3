// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title The operator's bond, which dishonest signatures put at risk
/// @notice A proof of equivocation slashes all of it: half goes to the reporter, half covers exits
///         in the vault. The reporter gets no more than half, because signers could report
///         themselves. A token that refuses these transfers does not stop the freeze: what it
///         refused stays in the court, and anyone can send it later (`payReward`, `coverExits`).
interface IBond is ICreditTypes {
    /// @notice Tokens were added to the bond.
    /// @param bond The bond after the deposit, in token base units.
    event BondDeposited(address indexed by, uint256 tokenAmount, uint256 bond);

    /// @notice The owner announced a withdrawal of the bond. It can be slashed until it is
    ///         withdrawn.
    event BondWithdrawalAnnounced(address indexed recipient, uint256 effectiveAt);

    /// @notice The bond was paid to the announced recipient.
    event BondWithdrawn(address indexed recipient, uint256 tokenAmount);

    /// @notice A reporter proved that the signers signed two different checkpoints for one epoch.
    /// @param coverTokens The rest of the bond, which covers exits once it is in the vault.
    event Equivocated(
        uint64 indexed epoch,
        address indexed reporter,
        uint256 rewardTokens,
        uint256 coverTokens
    );

    /// @notice A provider's row promised earnings that other rows of the same table had already
    ///         taken.
    event CameShort(
        uint64 indexed epoch,
        address indexed provider,
        uint256 rewardTokens,
        uint256 coverTokens
    );

    /// @notice A reward from the bond was paid.
    event RewardPaid(address indexed party, address indexed recipient, uint256 tokenAmount);

    /// @notice The rest of a slashed bond arrived in the vault and covers exits.
    event ExitsCovered(uint256 tokenAmount, uint64 creditMicros);

    /// @notice Only the vault's owner may call this.
    error NotOwner(address caller, address owner);

    /// @notice The withdrawal was not announced, or its delay is not over.
    error BondLocked(address recipient, uint256 now_, uint256 effectiveAt);

    /// @notice The announcement expired `signerDelaySeconds` after the withdrawal could take
    ///         effect.
    error BondWithdrawalExpired(address recipient, uint256 now_, uint256 expiry);

    /// @notice The two checkpoints are the same or of two epochs, or their epoch was signed again.
    ///         That is the case if an attempt at it was dropped between their `asOf` times.
    error NoEquivocation();

    /// @notice The row's earnings were paid, or the checkpoint's total still has room for them.
    error NoShortfall(address provider);

    /// @notice The court owes this party no reward.
    error NoReward(address party);

    /// @notice All of the slashed bond is in the vault.
    error NothingToCover();

    /// @notice Adds the caller's tokens to the bond. Anyone may, until the vault is frozen: what
    ///         froze it could be proven again, and would take the new bond too.
    function depositBond(uint256 tokenAmount) external;

    /// @notice Vault's owner: announces a withdrawal of the bond, which may take effect after
    ///         `signerDelaySeconds`. This replaces an earlier announcement.
    function announceBondWithdrawal(address recipient) external;

    /// @notice Anyone, after the delay: pays the bond to the announced recipient.
    function withdrawBond(address recipient) external;

    /// @notice Slashes the bond and freezes the vault, by two different checkpoints that were
    ///         signed for one epoch. Anyone may. A quorum of the present signers signed each, and
    ///         both tables are younger than the last change of signers. So a pair of outgoing
    ///         signers has to be shown before the announced change takes effect.
    function proveEquivocation(
        Checkpoint calldata a,
        SignerSignature[] calldata signaturesOfA,
        Checkpoint calldata b,
        SignerSignature[] calldata signaturesOfB
    ) external;

    /// @notice Slashes the bond and freezes the vault, by a row of the last final checkpoint whose
    ///         earnings cannot be paid. Other rows have taken the checkpoint's whole `earned`, so
    ///         its rows add up to more than its total. Anyone may. Up to half of the bond pays the
    ///         provider.
    function proveShortfall(Row calldata row, bytes32[] calldata proof) external;

    /// @notice Pays the reward that the court owes a party, to its recipient in the vault. Anyone
    ///         may. If the token refuses that recipient, the party chooses another one in the
    ///         vault (`setRecipient`).
    /// @return tokenAmount Token base units that were paid.
    function payReward(address party) external returns (uint256 tokenAmount);

    /// @notice Moves the rest of a slashed bond to the vault, where what arrives covers exits.
    ///         Anyone may.
    /// @return creditMicros Micro-credits by which the unspent pool has grown.
    function coverExits() external returns (uint64 creditMicros);

    /// @notice Token base units that the court owes a party as a reward.
    function rewardOf(address party) external view returns (uint256 tokenAmount);

    /// @notice Token base units of a slashed bond that are not in the vault yet.
    function coverOwed() external view returns (uint256 tokenAmount);

    /// @notice The bond, in token base units.
    function bond() external view returns (uint256 tokenAmount);

    /// @notice When a withdrawal may take effect; zero if it is not announced.
    function bondWithdrawalAt(address recipient) external view returns (uint256 timestamp);
}
