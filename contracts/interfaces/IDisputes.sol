// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Holding the signers to account: proofs of fraud, and challenges that they must answer
interface IDisputes is ICreditTypes {
    /// @notice An owner's permission to a spender (EIP-712). The contract looks at three of its fields: a row may
    ///         charge `account` up to `accountCap` in total, while `counter` is the account's.
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

    /// @notice The signers' promise to a provider (EIP-712): from this epoch on every checkpoint pays at least that.
    struct EarningsReceipt {
        address provider;
        uint64 earned;
        uint64 epoch;
    }

    /// @notice A question that must be answered before the pending checkpoint can become final: show a row of this
    ///         account, with no less than these numbers, and an allowance that covers what it was charged.
    /// @param drops How many checkpoints had been dropped before: tells one submission of an epoch from the next.
    struct Challenge {
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint40 deadline;
        uint24 drops;
    }

    /// @notice The pending checkpoint's finality waits for an answer.
    event Challenged(
        address indexed account,
        address indexed challenger,
        uint64 epoch,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        uint64 deadline
    );

    /// @notice The challenge was answered with this row.
    event ChallengeAnswered(
        address indexed account,
        address indexed challenger,
        address indexed answerer,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    );

    /// @notice A challenge was not answered in time.
    event ChallengeUnanswered(address indexed account, address indexed challenger);

    /// @notice An owner's ceiling was recorded.
    event CapRecorded(address indexed account, uint64 indexed counter, uint64 accountCap);

    /// @notice An account is known to have signed for that much spending.
    event SpendingCovered(address indexed account, uint64 indexed counter, uint64 spent);

    /// @notice Stakes and rewards were taken.
    event StakeWithdrawn(address indexed account, address indexed recipient, uint256 weiAmount);

    /// @notice These rows break no rule.
    error NoFraud();

    /// @notice The two rows are not of the same party.
    error PartyMismatch(address party, address expected);

    /// @notice Rows are ascending by party.
    error PartiesNotAscending(address previous, address party);

    /// @notice The challenge does not come with exactly the stake.
    error WrongStake(uint256 sent, uint256 needed);

    /// @notice The dispute window is over.
    error DisputeWindowOver(uint256 now_, uint256 finalAt);

    /// @notice What is already settled on chain needs no answer.
    error NothingToAnswer(address account);

    /// @notice The same challenger has asked the same already.
    error ChallengeOpen(address account, address challenger);

    /// @notice There is no such challenge to this checkpoint.
    error NoChallenge(address account, address challenger);

    /// @notice The time for an answer is over.
    error AnswerTooLate(uint256 now_, uint40 deadline);

    /// @notice There is still time for an answer.
    error AnswerStillPossible(uint256 now_, uint40 deadline);

    /// @notice The row shows less than what was asked for, or breaks I1.
    error RowFallsShort(address account);

    /// @notice No allowance on record covers what the row charges.
    error NotCovered(address account, uint64 accountCap, uint64 spent);

    /// @notice The allowance's counter ended too long before the checkpoint was submitted.
    error CounterEnded(address account, uint64 counter);

    /// @notice The receipt is for later checkpoints.
    error ReceiptNotDue(uint64 epoch, uint64 pendingEpoch);

    /// @notice There is nothing to withdraw.
    error NoStake(address account);

    /// @notice The stake could not be sent there.
    error StakeRefused(address recipient, uint256 weiAmount);

    /// @notice Drops the pending checkpoint, by showing rows of it that can't be true: one that breaks I1 or falls
    ///         behind what is settled (I3), two different ones of a party, or some that add up to more than a total.
    /// @param rows Ascending by party.
    function proveFraud(Row[] calldata rows, bytes32[][] calldata proofs) external;

    /// @notice Drops the pending checkpoint, by showing that a party's row shrank since the final one (I3).
    function proveShrunk(
        Row calldata before,
        bytes32[] calldata proofBefore,
        Row calldata row,
        bytes32[] calldata proof
    ) external;

    /// @notice Asks for the allowance behind a row of the pending checkpoint.
    function challengeRow(Row calldata row, bytes32[] calldata proof) external payable;

    /// @notice Asks where a row of the final checkpoint is in the pending one.
    function challengeOmission(Row calldata row, bytes32[] calldata proof) external payable;

    /// @notice Asks for the row that pays a receipt, which the present signers signed, or the former ones not too long
    ///         after they were replaced.
    function challengeEarnings(
        EarningsReceipt calldata receipt,
        SignerSignature[] calldata signatures
    ) external payable;

    /// @notice Answers a challenge with a row of the pending checkpoint and the recorded cap of a counter. Anyone may,
    ///         and receives half of the stake. The other half is the fee recipient's: else delay would be free for a
    ///         challenger who answers itself.
    function answer(address challenger, Row calldata row, bytes32[] calldata proof, uint64 counter) external;

    /// @notice Drops the pending checkpoint because a challenge was not answered in time. The challenger has the stake
    ///         back.
    function dropUnanswered(address account, address challenger) external;

    /// @notice Takes back the stake of the caller's challenge to a checkpoint that was dropped for another reason.
    function reclaimStake(address account) external;

    /// @notice Withdraws stakes and rewards.
    function withdrawStake(address payable recipient) external;

    /// @notice Records an owner's ceiling, while its signature is good. A contract wallet can disown a signature
    ///         later: whoever relies on one records it first. Anyone may.
    function recordCap(Allowance calldata allowance, bytes calldata signature) external;

    /// @notice Records that an account has signed for what its row of the last final checkpoint charges, as far as the
    ///         recorded cap of that counter goes, and settles the row. With a limit for unproven spending, nothing
    ///         beyond that is ever charged. Anyone may.
    function coverSpending(Row calldata row, bytes32[] calldata proof, uint64 counter) external;

    /// @notice How much of an account's spending is known to be covered by its signature.
    function coveredSpentOf(address account) external view returns (uint64 spent);

    /// @notice The highest recorded ceiling of an account under a counter.
    function recordedCap(address account, uint64 counter) external view returns (uint64 accountCap);

    /// @notice What an owner signs (EIP-712).
    function hashAllowance(Allowance calldata allowance) external view returns (bytes32 digest);

    /// @notice What signers sign for a provider (EIP-712).
    function hashEarningsReceipt(EarningsReceipt calldata receipt) external view returns (bytes32 digest);

    /// @notice An open (or void) challenge; all zero if there is none.
    function challengeOf(address account, address challenger) external view returns (Challenge memory);

    /// @notice Wei that the account may withdraw.
    function stakeOf(address account) external view returns (uint256 weiAmount);
}
