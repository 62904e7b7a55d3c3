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
    /// @dev How long a registered receipt counts: a change of signers takes effect within one delay
    ///      or two, and the next table is due soon after.
    uint40 private immutable RECEIPT_SECONDS;

    /// @dev Void if its checkpoint was dropped (`drops` differs) or has no open challenge.
    Hold private _hold;

    /// @dev The last challenge of each challenger to each account. It may be void.
    mapping(address account => mapping(address challenger => Challenge challenge))
        private _challenges;

    /// @dev The registered receipt of each provider, in one slot.
    mapping(address provider => RegisteredReceipt receipt) private _receipts;

    constructor(ITerms.Terms memory terms) {
        ANSWER_WINDOW_SECONDS = terms.answerWindowSeconds;
        STAKE_WEI = terms.challengeStakeWei;
        RECEIPT_SECONDS = 2 * uint40(terms.signerDelaySeconds);
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
        VAULT.requireQuorum(hashEarningsReceipt(receipt), signatures);
        _challengeEarnings(pending, receipt.provider, receipt.earned);
    }

    /// @inheritdoc IDisputes
    function registerReceipt(
        EarningsReceipt calldata receipt,
        SignerSignature[] calldata signatures
    ) external override {
        address provider = receipt.provider;
        // A signer promises for the next table or the one after it. Without this bound a promise
        // for a far epoch could take the place of one that is due.
        uint64 lastEpoch = VAULT.finalCheckpoint().epoch + 2;
        require(receipt.epoch <= lastEpoch, ReceiptNotDue(receipt.epoch, lastEpoch));
        RegisteredReceipt memory known = _receipts[provider];
        require(
            receipt.earned >= known.earned || block.timestamp > known.until,
            HigherReceiptRegistered(provider, known.earned)
        );
        VAULT.requireQuorum(hashEarningsReceipt(receipt), signatures);
        uint40 until = uint40(block.timestamp + RECEIPT_SECONDS);
        _receipts[provider] = RegisteredReceipt(receipt.earned, receipt.epoch, until);
        emit ReceiptRegistered(provider, receipt.earned, receipt.epoch, until);
    }

    /// @inheritdoc IDisputes
    function challengeRegisteredEarnings(address provider) external payable override {
        CheckpointRecord memory pending = _requirePending();
        RegisteredReceipt memory known = _receipts[provider];
        require(block.timestamp <= known.until, NoRegisteredReceipt(provider));
        require(known.epoch <= pending.epoch, ReceiptNotDue(known.epoch, pending.epoch));
        _challengeEarnings(pending, provider, known.earned);
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
    function registeredReceiptOf(
        address provider
    ) external view override returns (RegisteredReceipt memory) {
        return _receipts[provider];
    }

    /// @inheritdoc IDisputes
    function hashEarningsReceipt(
        EarningsReceipt calldata receipt
    ) public view override returns (bytes32 digest) {
        return _hashTypedData(keccak256(abi.encode(EARNINGS_RECEIPT_TYPEHASH, receipt)));
    }

    /// @dev Asks for a row that pays a promise. A provider that has not earned yet has no row, so
    ///      an honest operator could not answer for a promise of nothing. What is settled is paid.
    function _challengeEarnings(
        CheckpointRecord memory pending,
        address provider,
        uint64 earned
    ) private {
        (, , , uint64 settled) = VAULT.party(provider);
        require(earned > settled, NothingToAnswer(provider));
        _challenge(pending, provider, 0, 0, earned);
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
