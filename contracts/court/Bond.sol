// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IBond} from "../interfaces/IBond.sol";
import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {IExits} from "../interfaces/IExits.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title The operator's bond
/// @dev Invariants: the court's token balance is at least the bond, all rewards and the cover that
///      it owes (more if an account sent tokens directly). The court cannot reach the vault's
///      tokens. Each token of a slashed bond counts as cover at most once, when it arrives.
abstract contract Bond is IBond, CourtBase, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev The largest cover of all slashes together, in micro-credits.
    uint256 private constant MAX_COVERED = uint256(uint64(type(int64).max));

    IERC20 private immutable TOKEN;
    uint256 private immutable TOKEN_UNIT;
    uint64 private immutable CREDIT_MICROS_PER_TOKEN;
    uint32 private immutable DELAY_SECONDS;

    /// @inheritdoc IBond
    uint256 public override bond;

    /// @inheritdoc IBond
    mapping(address recipient => uint256 timestamp) public override bondWithdrawalAt;

    /// @inheritdoc IBond
    mapping(address party => uint256 tokenAmount) public override rewardOf;

    /// @inheritdoc IBond
    uint256 public override coverOwed;

    /// @dev The last announced recipient. The next announcement replaces it.
    address private _announcedRecipient;

    constructor(ITerms.Terms memory terms) {
        TOKEN = IERC20(terms.token);
        TOKEN_UNIT = 10 ** IERC20Metadata(terms.token).decimals();
        CREDIT_MICROS_PER_TOKEN = terms.creditMicrosPerToken;
        DELAY_SECONDS = terms.signerDelaySeconds;
    }

    /// @inheritdoc IBond
    function depositBond(uint256 tokenAmount) external override nonReentrant {
        uint40 frozenAt = VAULT.frozenAt();
        require(frozenAt == 0, IExits.VaultFrozen(frozenAt));
        uint256 balance = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), tokenAmount);
        uint256 received = TOKEN.balanceOf(address(this)) - balance;
        require(received == tokenAmount, ITerms.TokenAmountMismatch(received, tokenAmount));
        bond += tokenAmount;
        emit BondDeposited(msg.sender, tokenAmount, bond);
    }

    /// @inheritdoc IBond
    function announceBondWithdrawal(address recipient) external override {
        address owner = VAULT.owner();
        require(msg.sender == owner, NotOwner(msg.sender, owner));
        delete bondWithdrawalAt[_announcedRecipient];
        _announcedRecipient = recipient;
        uint256 timestamp = block.timestamp + DELAY_SECONDS;
        bondWithdrawalAt[recipient] = timestamp;
        emit BondWithdrawalAnnounced(recipient, timestamp);
    }

    /// @inheritdoc IBond
    function withdrawBond(address recipient) external override nonReentrant {
        uint256 timestamp = bondWithdrawalAt[recipient];
        require(
            timestamp > 0 && block.timestamp >= timestamp,
            BondLocked(recipient, block.timestamp, timestamp)
        );
        // Without an expiry the owner could announce a withdrawal once, and years later take the
        // bond in the block of an equivocation.
        uint256 expiry = timestamp + DELAY_SECONDS;
        require(
            block.timestamp <= expiry,
            BondWithdrawalExpired(recipient, block.timestamp, expiry)
        );
        delete bondWithdrawalAt[recipient];
        uint256 tokenAmount = bond;
        bond = 0;
        emit BondWithdrawn(recipient, tokenAmount);
        TOKEN.safeTransfer(recipient, tokenAmount);
    }

    /// @inheritdoc IBond
    function proveEquivocation(
        Checkpoint calldata a,
        SignerSignature[] calldata signaturesOfA,
        Checkpoint calldata b,
        SignerSignature[] calldata signaturesOfB
    ) external override nonReentrant {
        bytes32 digestOfA = VAULT.hashCheckpoint(a);
        bytes32 digestOfB = VAULT.hashCheckpoint(b);
        require(a.epoch == b.epoch && digestOfA != digestOfB, NoEquivocation());
        (uint64 first, uint64 second) = a.asOf < b.asOf ? (a.asOf, b.asOf) : (b.asOf, a.asOf);
        uint40 since = VAULT.signersSince();
        require(first > since, ICheckpoints.FormerSigners(first, since));
        // A drop between the two had the epoch signed again. A drop after both is no excuse.
        require(!VAULT.wasDroppedBetween(a.epoch, first, second), NoEquivocation());
        VAULT.requireQuorum(digestOfA, signaturesOfA);
        VAULT.requireQuorum(digestOfB, signaturesOfB);
        (uint256 reward, uint256 cover) = _slash(msg.sender, type(uint256).max);
        emit Equivocated(a.epoch, msg.sender, reward, cover);
        _tryToPay(msg.sender);
    }

    /// @inheritdoc IBond
    function proveShortfall(
        Row calldata row,
        bytes32[] calldata proof
    ) external override nonReentrant {
        CheckpointRecord memory last = VAULT.finalCheckpoint();
        _requireRowOf(last, row, proof);
        (, , , uint64 earned) = VAULT.party(row.party);
        (, , uint64 earnedByAll, ) = VAULT.settledTotals();
        require(row.earned > earned && earnedByAll >= last.earned, NoShortfall(row.party));
        uint256 missing = (uint256(row.earned - earned) * TOKEN_UNIT) / CREDIT_MICROS_PER_TOKEN;
        (uint256 reward, uint256 cover) = _slash(row.party, missing);
        emit CameShort(last.epoch, row.party, reward, cover);
        _tryToPay(row.party);
    }

    /// @inheritdoc IBond
    /// @dev Unguarded, so that `_tryToPay` can call it. It clears what it owes before the transfer.
    function payReward(address party) external override returns (uint256 tokenAmount) {
        tokenAmount = rewardOf[party];
        require(tokenAmount > 0, NoReward(party));
        rewardOf[party] = 0;
        address recipient = VAULT.recipientOf(party);
        emit RewardPaid(party, recipient, tokenAmount);
        TOKEN.safeTransfer(recipient, tokenAmount);
    }

    /// @inheritdoc IBond
    /// @dev Unguarded for the same reason. The vault is frozen since the slash, so no purchase can
    ///      arrive within the transfer and be counted as cover.
    function coverExits() external override returns (uint64 creditMicros) {
        uint256 tokenAmount = coverOwed;
        require(tokenAmount > 0, NothingToCover());
        coverOwed = 0;
        uint256 balance = TOKEN.balanceOf(address(VAULT));
        TOKEN.safeTransfer(address(VAULT), tokenAmount);
        uint256 arrived = TOKEN.balanceOf(address(VAULT)) - balance;
        require(arrived > 0, ITerms.TokenAmountMismatch(arrived, tokenAmount));
        if (arrived > tokenAmount) arrived = tokenAmount;
        uint256 micros = (arrived * CREDIT_MICROS_PER_TOKEN) / TOKEN_UNIT;
        // All covers together stay within int64, like all purchases.
        uint256 room = MAX_COVERED - VAULT.coveredMicros();
        creditMicros = uint64(micros < room ? micros : room);
        emit ExitsCovered(arrived, creditMicros);
        VAULT.freezeWithCover(creditMicros);
    }

    /// @dev Empties the bond and freezes the vault. At most half and at most `maxReward` is owed to
    ///      the party as its reward. The rest is owed to the vault, which counts what arrives.
    function _slash(
        address party,
        uint256 maxReward
    ) private returns (uint256 reward, uint256 cover) {
        reward = bond / 2;
        if (reward > maxReward) reward = maxReward;
        cover = bond - reward;
        bond = 0;
        rewardOf[party] += reward;
        coverOwed += cover;
        VAULT.freezeWithCover(0);
    }

    /// @dev Moves what a slash owes, if the token allows it. The freeze stands if it does not.
    function _tryToPay(address party) private {
        try this.payReward(party) {} catch {}
        try this.coverExits() {} catch {}
    }
}
