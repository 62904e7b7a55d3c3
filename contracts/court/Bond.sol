// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IBond} from "../interfaces/IBond.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {CourtBase} from "./CourtBase.sol";

/// @title The operator's bond
/// @dev Invariants: the court's token balance is at least the bond (more if an account sent tokens
///      directly), and the court cannot reach the vault's tokens.
abstract contract Bond is IBond, CourtBase, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev The largest cover of one slash, in micro-credits.
    uint256 private constant MAX_COVERED = uint256(uint64(type(int64).max));

    IERC20 private immutable TOKEN;
    uint256 private immutable TOKEN_UNIT;
    uint64 private immutable CREDIT_MICROS_PER_TOKEN;
    uint32 private immutable DELAY_SECONDS;

    /// @inheritdoc IBond
    uint256 public override bond;

    /// @inheritdoc IBond
    mapping(address recipient => uint256 timestamp) public override bondWithdrawalAt;

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
        require(!_droppedBetween(a, b), NoEquivocation());
        VAULT.requireQuorum(digestOfA, signaturesOfA, a.asOf);
        VAULT.requireQuorum(digestOfB, signaturesOfB, b.asOf);
        (uint256 reward, uint64 covered) = _slash(type(uint256).max);
        emit Equivocated(a.epoch, msg.sender, reward, covered);
        TOKEN.safeTransfer(msg.sender, reward);
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
        (uint256 reward, uint64 covered) = _slash(missing);
        emit CameShort(last.epoch, row.party, reward, covered);
        TOKEN.safeTransfer(VAULT.recipientOf(row.party), reward);
    }

    /// @dev Returns true if the epoch had to be signed again: an attempt at it was dropped after
    ///      the earlier `asOf` and not after the later one. A drop after both is no excuse.
    function _droppedBetween(
        Checkpoint calldata a,
        Checkpoint calldata b
    ) private view returns (bool) {
        (uint64 first, uint64 second) = a.asOf < b.asOf ? (a.asOf, b.asOf) : (b.asOf, a.asOf);
        uint256[] memory timestamps = VAULT.dropTimesOf(a.epoch);
        for (uint256 i = 0; i < timestamps.length; ++i) {
            if (first < timestamps[i] && timestamps[i] <= second) return true;
        }
        return false;
    }

    /// @dev Empties the bond: at most half and at most `maxReward` is the reward, which the caller
    ///      pays. The rest moves to the vault as cover before the vault counts it, rounded down to
    ///      micro-credits.
    function _slash(uint256 maxReward) private returns (uint256 reward, uint64 covered) {
        reward = bond / 2;
        if (reward > maxReward) reward = maxReward;
        uint256 rest = bond - reward;
        uint256 micros = (rest * CREDIT_MICROS_PER_TOKEN) / TOKEN_UNIT;
        covered = uint64(micros > MAX_COVERED ? MAX_COVERED : micros);
        bond = 0;
        TOKEN.safeTransfer(address(VAULT), rest);
        VAULT.freezeWithCover(covered);
    }
}
