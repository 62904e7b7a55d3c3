// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Disputes: proofs of fraud, and challenges that the operator must answer
interface IDisputes is ICreditTypes {
    /// @notice An owner's permission to a spender (EIP-712). The court reads three fields: under
    ///         `counter` a row may charge `account` up to `accountCap` in total.
    struct Allowance {
        address account;
        bytes32 spender;
        uint64 limit;
        uint64 period;
        uint64 rollover;
        uint64 startsAt;
        uint64 expiresAt;
        uint8 priority;
        bytes32 scope;
        uint64 accountCap;
        uint64 counter;
        uint256 salt;
    }

    /// @notice The signers' promise to a provider (EIP-712). Every checkpoint from `epoch` on has
    ///         at least `earned` in the provider's row.
    struct EarningsReceipt {
        address provider;
        uint64 earned;
        uint64 epoch;
    }

    /// @notice A receipt whose signers were in charge when it was registered. It counts until
    ///         `until`, whoever signs by then.
    struct RegisteredReceipt {
        uint64 earned;
        uint64 epoch;
        uint40 until;
    }

    /// @notice A question that delays the pending checkpoint until it is answered. The answer is a
    ///         row of the account with at least these numbers, and a cap that covers its charges.
    ///         Charges that are settled or in the last final checkpoint need no cap.
    /// @param deadline The last second in which an answer counts.
    /// @param drops The number of dropped checkpoints when the challenge was made. It distinguishes
    ///        two submissions of one epoch.
    struct Challenge {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint40 deadline;
        uint24 drops;
    }

    /// @notice A challenge was opened. The pending checkpoint is not final before the answer.
    event Challenged(
        address indexed account,
        address indexed challenger,
        uint64 epoch,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        uint64 deadline
    );

    /// @notice A challenge was answered with this row.
    event ChallengeAnswered(
        address indexed account,
        address indexed challenger,
        address indexed answerer,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    );

    /// @notice A challenge was not answered in time. Its checkpoint was dropped.
    event ChallengeUnanswered(address indexed account, address indexed challenger);

    /// @notice A provider's receipt was registered, and counts until `until`.
    event ReceiptRegistered(address indexed provider, uint64 earned, uint64 epoch, uint64 until);

    /// @notice The cap of an owner's allowance was recorded.
    event CapRecorded(address indexed account, uint64 indexed counter, uint64 accountCap);

    /// @notice The account's signature is known to cover `spent` micro-credits of spending.
    event SpendingCovered(address indexed account, uint64 indexed counter, uint64 spent);

    /// @notice An account withdrew stakes and rewards.
    event StakeWithdrawn(address indexed account, address indexed recipient, uint256 weiAmount);

    /// @notice The rows break no rule.
    error NoFraud();

    /// @notice The two rows belong to different parties.
    error PartyMismatch(address party, address expected);

    /// @notice Rows are ascending by party.
    error PartiesNotAscending(address previous, address party);

    /// @notice The value sent is not exactly the stake.
    error WrongStake(uint256 sent, uint256 needed);

    /// @notice The dispute window is over.
    error DisputeWindowOver(uint256 now_, uint256 finalAt);

    /// @notice Nothing has to be answered: the spending or the promised earnings are settled, or
    ///         the row is an empty one of the table.
    error NothingToAnswer(address account);

    /// @notice The challenger already has an open challenge to this account's row.
    error ChallengeOpen(address account, address challenger);

    /// @notice No such challenge exists: an open one to answer or drop, a void one to reclaim.
    error NoChallenge(address account, address challenger);

    /// @notice The deadline for an answer is over.
    error AnswerTooLate(uint256 now_, uint40 deadline);

    /// @notice The deadline for an answer is not over.
    error AnswerStillPossible(uint256 now_, uint40 deadline);

    /// @notice The row has less than the challenge asks for, or breaks I1.
    error RowFallsShort(address account);

    /// @notice The recorded cap of this counter is below the row's charges.
    error NotCovered(address account, uint64 accountCap, uint64 spent);

    /// @notice The pending row charges more than the account's row of the last final checkpoint, so
    ///         it needs a cap.
    error NewSpending(address account, uint64 finalSpent, uint64 spent);

    /// @notice The counter ended too long before the checkpoint was submitted.
    error CounterEnded(address account, uint64 counter);

    /// @notice The receipt binds later checkpoints only: than the pending one, or, to register it,
    ///         than the next two.
    error ReceiptNotDue(uint64 epoch, uint64 lastEpoch);

    /// @notice A receipt with more earnings is registered for the provider.
    error HigherReceiptRegistered(address provider, uint64 earned);

    /// @notice No receipt of the provider is registered, or it counts no longer.
    error NoRegisteredReceipt(address provider);

    /// @notice The account has no stake or reward to withdraw.
    error NoStake(address account);

    /// @notice Never thrown. If the recipient refuses a stake, `withdrawStake` reverts with its
    ///         reason, or with OpenZeppelin's `FailedCall`.
    error StakeRefused(address recipient, uint256 weiAmount);

    /// @notice Drops the pending checkpoint, by rows of it that cannot be true: a row breaks I1 or
    ///         is behind the settled numbers (I3), a party has two different rows, or the rows add
    ///         up to more than a total. Anyone may.
    /// @param rows Rows of the pending checkpoint, ascending by party.
    function proveFraud(Row[] calldata rows, bytes32[][] calldata proofs) external;

    /// @notice Drops the pending checkpoint, by a row that is smaller than in the final one (I3).
    ///         Anyone may.
    /// @param before The party's row in the final checkpoint.
    /// @param row The party's row in the pending checkpoint.
    function proveShrunk(
        Row calldata before,
        bytes32[] calldata proofBefore,
        Row calldata row,
        bytes32[] calldata proof
    ) external;

    /// @notice Asks for the allowance behind a row of the pending checkpoint. Anyone may, with the
    ///         stake.
    function challengeRow(Row calldata row, bytes32[] calldata proof) external payable;

    /// @notice Asks where a row of the final checkpoint is in the pending one. Anyone may, with the
    ///         stake.
    function challengeOmission(Row calldata row, bytes32[] calldata proof) external payable;

    /// @notice Asks for the row that keeps a receipt's promise. Anyone may, with the stake. The
    ///         present signers signed the receipt. For receipts of former signers, see
    ///         `challengeRegisteredEarnings`.
    function challengeEarnings(
        EarningsReceipt calldata receipt,
        SignerSignature[] calldata signatures
    ) external payable;

    /// @notice Records a receipt that the present signers signed, so that it counts for
    ///         `2 × signerDelaySeconds` even if other signers take over. Anyone may. A provider
    ///         that hears of a change of signers registers its newest receipt before the change.
    /// @dev Keeps one receipt per provider, in one slot: the one with the most earnings.
    function registerReceipt(
        EarningsReceipt calldata receipt,
        SignerSignature[] calldata signatures
    ) external;

    /// @notice Asks for the row that keeps the promise of a provider's registered receipt. Anyone
    ///         may, with the stake.
    function challengeRegisteredEarnings(address provider) external payable;

    /// @notice Answers a challenge with a row of the pending checkpoint and the recorded cap of a
    ///         counter. Anyone may. The caller receives half of the stake and the fee recipient the
    ///         other half, so that a challenger who answers itself pays for the delay.
    function answer(
        address challenger,
        Row calldata row,
        bytes32[] calldata proof,
        uint64 counter
    ) external;

    /// @notice Answers a challenge with a row of the pending checkpoint that charges no more than
    ///         the account's row of the last final checkpoint. That row had its own dispute window,
    ///         so no cap is needed. Anyone may. The stake is split as by `answer`.
    /// @dev Waives the cap only. The pending row has all that the challenge asks for (decision
    ///      0114).
    /// @param finalRow The account's row in the last final checkpoint.
    function answerWithFinalRow(
        address challenger,
        Row calldata row,
        bytes32[] calldata proof,
        Row calldata finalRow,
        bytes32[] calldata finalProof
    ) external;

    /// @notice Drops the pending checkpoint, because a challenge was not answered in time. Anyone
    ///         may. The challenger gets the stake back.
    function dropUnanswered(address account, address challenger) external;

    /// @notice Returns the stake of the caller's challenge, if its checkpoint was dropped for
    ///         another reason.
    function reclaimStake(address account) external;

    /// @notice Withdraws the caller's stakes and rewards to any address.
    function withdrawStake(address payable recipient) external;

    /// @notice Records the cap of an owner's allowance while its signature is valid. Anyone may. A
    ///         contract wallet can disown a signature later, so rely on recorded caps only.
    function recordCap(Allowance calldata allowance, bytes calldata signature) external;

    /// @notice Records that an account's signature covers a row, and settles the row. Anyone may.
    ///         The row is one of the last final checkpoint, and is covered up to the counter's
    ///         recorded cap. In a vault with `unprovenLimitMicros` no row is charged beyond that
    ///         cover.
    function coverSpending(Row calldata row, bytes32[] calldata proof, uint64 counter) external;

    /// @notice The account's spending that its signature is known to cover, in micro-credits.
    function coveredSpentOf(address account) external view returns (uint64 spent);

    /// @notice The highest recorded cap of an account under a counter.
    function recordedCap(address account, uint64 counter) external view returns (uint64 accountCap);

    /// @notice The digest that an owner signs (EIP-712).
    function hashAllowance(Allowance calldata allowance) external view returns (bytes32 digest);

    /// @notice The digest that signers sign for a provider (EIP-712).
    function hashEarningsReceipt(
        EarningsReceipt calldata receipt
    ) external view returns (bytes32 digest);

    /// @notice The receipt that is registered for a provider, even if it counts no longer; all zero
    ///         if there is none.
    function registeredReceiptOf(address provider) external view returns (RegisteredReceipt memory);

    /// @notice A challenge that is open, or whose checkpoint was dropped; all zero if none exists.
    function challengeOf(
        address account,
        address challenger
    ) external view returns (Challenge memory);

    /// @notice Wei that the account can withdraw.
    function stakeOf(address account) external view returns (uint256 weiAmount);
}
