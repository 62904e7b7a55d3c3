// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../interfaces/IDisputes.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {Caps} from "./Caps.sol";
import {Stakes} from "./Stakes.sol";

/// @title Challenges: questions about rows that the operator must answer
/// @dev Invariant: while a challenge is open, its checkpoint is not final. Settling pays no gas for
///      this: the first challenge moves the checkpoint's `finalAt` out of reach, and the last
///      answer restores it.
abstract contract Challenges is IDisputes, Caps, Stakes {
    /// @dev What keeps the pending checkpoint from becoming final: its own `finalAt`, the number of
    ///      drops when it was pending, and how many challenges are open.
    struct Hold {
        uint40 finalAt;
        uint64 drops;
        uint64 open;
    }

    /// @dev The `finalAt` of a checkpoint with an open challenge.
    uint40 private constant HELD = type(uint40).max;

    bytes32 private constant EARNINGS_RECEIPT_TYPEHASH = keccak256(
        "EarningsReceipt(address provider,uint64 earned,uint64 epoch)"
    );

    uint32 private immutable ANSWER_WINDOW_SECONDS;
    uint128 private immutable STAKE_WEI;

    /// @dev Void if its checkpoint was dropped (`drops` differs) or has no open challenge.
    Hold private _hold;

    /// @dev The last challenge of each challenger to each account. It may be void.
    mapping(address account => mapping(address challenger => Challenge challenge))
        private _challenges;

    constructor(ITerms.Terms memory terms) {
        ANSWER_WINDOW_SECONDS = terms.answerWindowSeconds;
        STAKE_WEI = terms.challengeStakeWei;
    }

    /// @inheritdoc IDisputes
    function challengeRow(Row calldata row, bytes32[] calldata proof) external payable override {
        CheckpointRecord memory pending = _requirePending();
        _requireRowOf(pending, row, proof);
        require(row.spent > _settledSpent(row.party), NothingToAnswer(row.party));
        _challenge(pending, row.party, row.spent, row.refunded, row.earned);
    }

    /// @inheritdoc IDisputes
    function challengeOmission(
        Row calldata row,
        bytes32[] calldata proof
    ) external payable override {
        // Empty rows fill a table up to a power of two. They have no party, may disappear from the
        // next table, and no answer could show them.
        require(row.party != address(0), NothingToAnswer(row.party));
        _requireRowOf(VAULT.finalCheckpoint(), row, proof);
        _challenge(_requirePending(), row.party, row.spent, row.refunded, row.earned);
    }

    /// @inheritdoc IDisputes
    function challengeEarnings(
        EarningsReceipt calldata receipt,
        SignerSignature[] calldata signatures
    ) external payable override {
        CheckpointRecord memory pending = _requirePending();
        require(receipt.epoch <= pending.epoch, ReceiptNotDue(receipt.epoch, pending.epoch));
        _requireSigners(hashEarningsReceipt(receipt), signatures);
        _challenge(pending, receipt.provider, 0, 0, receipt.earned);
    }

    /// @inheritdoc IDisputes
    function answer(
        address challenger,
        Row calldata row,
        bytes32[] calldata proof,
        uint64 counter
    ) external override {
        _requireAnswer(challenger, row, proof);
        if (row.spent > _settledSpent(row.party)) {
            _requireCovered(row.party, row.spent, counter, _hold.finalAt - DISPUTE_WINDOW_SECONDS);
        }
        _close(challenger, row);
    }

    /// @inheritdoc IDisputes
    function answerWithFinalRow(
        address challenger,
        Row calldata row,
        bytes32[] calldata proof,
        Row calldata finalRow,
        bytes32[] calldata finalProof
    ) external override {
        _requireAnswer(challenger, row, proof);
        require(finalRow.party == row.party, PartyMismatch(finalRow.party, row.party));
        require(row.spent <= finalRow.spent, NewSpending(row.party, finalRow.spent, row.spent));
        _requireRowOf(VAULT.finalCheckpoint(), finalRow, finalProof);
        _close(challenger, row);
    }

    /// @inheritdoc IDisputes
    function dropUnanswered(address account, address challenger) external override {
        Challenge memory asked = _requireChallenge(account, challenger);
        require(
            block.timestamp > asked.deadline,
            AnswerStillPossible(block.timestamp, asked.deadline)
        );
        _returnStake(account, challenger);
        emit ChallengeUnanswered(account, challenger);
        VAULT.dropPending();
    }

    /// @inheritdoc IDisputes
    function reclaimStake(address account) external override {
        Challenge memory asked = _challenges[account][msg.sender];
        require(
            asked.deadline > 0 && asked.drops != VAULT.drops(),
            NoChallenge(account, msg.sender)
        );
        _returnStake(account, msg.sender);
    }

    /// @inheritdoc IDisputes
    function challengeOf(
        address account,
        address challenger
    ) external view override returns (Challenge memory) {
        return _challenges[account][challenger];
    }

    /// @inheritdoc IDisputes
    function hashEarningsReceipt(
        EarningsReceipt calldata receipt
    ) public view override returns (bytes32 digest) {
        return _hashTypedData(keccak256(abi.encode(EARNINGS_RECEIPT_TYPEHASH, receipt)));
    }

    /// @dev Reverts unless the present or the former signers signed. A receipt does not tell when
    ///      it was signed.
    function _requireSigners(bytes32 digest, SignerSignature[] calldata signatures) private view {
        try VAULT.requireQuorum(digest, signatures, type(uint64).max) {} catch {
            uint40 since = VAULT.signersSince();
            VAULT.requireQuorum(digest, signatures, since == 0 ? 0 : since - 1);
        }
    }

    /// @dev Opens a challenge with the caller's stake. A void challenge to the same account is
    ///      replaced, and its stake returned.
    function _challenge(
        CheckpointRecord memory pending,
        address account,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) private {
        require(msg.value == STAKE_WEI, WrongStake(msg.value, STAKE_WEI));
        uint64 drops = VAULT.drops();
        Challenge memory asked = _challenges[account][msg.sender];
        if (asked.deadline > 0) {
            require(asked.drops != drops, ChallengeOpen(account, msg.sender));
            _returnStake(account, msg.sender);
        }
        _holdUp(pending, drops);

        uint40 deadline = uint40(block.timestamp + ANSWER_WINDOW_SECONDS);
        _challenges[account][msg.sender] = Challenge(
            spent,
            refunded,
            earned,
            deadline,
            uint24(drops)
        );
        emit Challenged(account, msg.sender, pending.epoch, spent, refunded, earned, deadline);
    }

    /// @dev Delays the pending checkpoint by one more challenge. Reverts after the checkpoint's own
    ///      dispute window, even if answers to other challenges take longer.
    function _holdUp(CheckpointRecord memory pending, uint64 drops) private {
        if (_hold.open == 0 || _hold.drops != drops) {
            _hold = Hold({finalAt: uint40(pending.finalAt), drops: drops, open: 0});
            VAULT.setFinalAt(HELD);
        }
        require(block.timestamp < _hold.finalAt, DisputeWindowOver(block.timestamp, _hold.finalAt));
        ++_hold.open;
    }

    /// @dev Reverts unless the pending row has all that an open challenge asks for. Whether its
    ///      spending needs a cap is for the caller to check.
    function _requireAnswer(
        address challenger,
        Row calldata row,
        bytes32[] calldata proof
    ) private view {
        Challenge memory asked = _requireChallenge(row.party, challenger);
        require(block.timestamp <= asked.deadline, AnswerTooLate(block.timestamp, asked.deadline));
        _requireRowOf(_requirePending(), row, proof);
        require(
            _covers(row, asked.spent, asked.refunded, asked.earned) && _isPaidFor(row),
            RowFallsShort(row.party)
        );
    }

    /// @dev Closes an answered challenge and splits its stake. The last answer restores the time at
    ///      which the checkpoint becomes final.
    function _close(address challenger, Row calldata row) private {
        delete _challenges[row.party][challenger];
        if (--_hold.open == 0) VAULT.setFinalAt(_hold.finalAt);
        stakeOf[msg.sender] += STAKE_WEI / 2;
        stakeOf[VAULT.feeRecipient()] += STAKE_WEI - STAKE_WEI / 2;
        emit ChallengeAnswered(
            row.party,
            challenger,
            msg.sender,
            row.spent,
            row.refunded,
            row.earned
        );
    }

    /// @dev Deletes a challenge and credits its stake to the challenger.
    function _returnStake(address account, address challenger) private {
        delete _challenges[account][challenger];
        stakeOf[challenger] += STAKE_WEI;
    }

    /// @dev The account's settled spending.
    function _settledSpent(address account) private view returns (uint64 spent) {
        (, spent, , ) = VAULT.party(account);
    }

    /// @dev A challenge to the checkpoint that is pending now. Reverts if it does not exist.
    function _requireChallenge(
        address account,
        address challenger
    ) private view returns (Challenge memory asked) {
        asked = _challenges[account][challenger];
        require(
            asked.deadline > 0 && asked.drops == VAULT.drops(),
            NoChallenge(account, challenger)
        );
    }
}
