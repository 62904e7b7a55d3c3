// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourt} from "../../../contracts/interfaces/ICourt.sol";
import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {Table} from "./Table.sol";
import {Test} from "./Test.sol";

/// @dev The model that the invariants compare the vault with: the true numbers, the signers, and
///      what they signed.
abstract contract Model is Test {
    uint64 internal constant MAX_BUY = 1e12;
    uint256 internal constant PARTIES = 6;

    /// @dev Not immutable, because the fuzzer finds a handler by its exact code.
    IComputeCredits public credits;
    ICourt public court;
    TestDollar public dollar;
    bool public dishonest;
    address public owner;

    /// @dev The keys of the present, the former and the announced signers.
    uint256[] internal _keys;
    uint256[] internal _formerKeys;
    uint256[] internal _nextKeys;
    uint8 internal _generation;
    address[] public parties;

    /// @dev What the honest meter recorded of each party. Indexes are those of `parties`.
    uint64[PARTIES] public spent;
    uint64[PARTIES] public refunded;
    uint64[PARTIES] public earned;
    uint64[PARTIES] public refunding;

    /// @dev The highest cap that each account has signed.
    uint64[PARTIES] public signedFor;

    /// @dev The tables of the latest checkpoint, of the final one, and of the final one before
    ///      that.
    ICreditTypes.Row[] internal _latest;
    ICreditTypes.Row[] internal _final;
    ICreditTypes.Row[] internal _earlier;
    uint64 internal _finalEpoch;

    /// @dev The last checkpoints and receipts that a quorum signed, with their signatures.
    uint256 internal constant KEPT = 4;
    bytes[KEPT] internal _signedCheckpoints;
    bytes[KEPT] internal _receipts;
    uint256 internal _checkpointCount;
    uint256 internal _receiptCount;

    /// @dev Tokens that came in, and tokens that were paid to each party.
    uint256 public tokensIn;
    /// @dev The part of these that came from slashed bonds.
    uint256 public coverIn;
    mapping(address party => uint256 tokens) public tokensOut;
    mapping(string name => uint256 count) public calls;

    /// @dev The highest numbers seen so far, of each party, of the final checkpoint and of all
    ///      settlements (I3). An invariant cannot keep them: what it writes is undone.
    mapping(address party => ICreditTypes.Row row) internal _seen;
    ICreditTypes.CheckpointRecord internal _seenFinal;
    uint64[4] internal _seenSettled;

    /// @dev The number that was seen to shrink; empty while none was.
    string public shrunk;

    /// @dev Around every action.
    modifier observed() {
        _;
        _observe();
    }

    constructor(
        IComputeCredits credits_,
        TestDollar dollar_,
        uint256[] memory keys,
        bool dishonest_,
        address owner_
    ) {
        credits = credits_;
        court = ICourt(credits_.court());
        dollar = dollar_;
        dishonest = dishonest_;
        owner = owner_;
        _keys = keys;
        for (uint256 i = 0; i < PARTIES; ++i) {
            address party = vm.addr(0xACE0 + i);
            parties.push(party);
            dollar.mint(party, type(uint128).max);
            vm.prank(party);
            dollar.approve(address(credits), type(uint256).max);
            vm.prank(party);
            dollar.approve(address(court), type(uint256).max);
            vm.deal(party, 1_000_000 ether);
            vm.prank(party);
            tokensIn += credits_.buy(party, MAX_BUY);
        }
    }

    function _observe() private {
        for (uint256 i = 0; i < PARTIES; ++i) {
            (, uint64 spent_, uint64 refunded_, uint64 earned_) = credits.party(parties[i]);
            ICreditTypes.Row storage seen = _seen[parties[i]];
            if (spent_ < seen.spent) shrunk = "a party's spent";
            if (refunded_ < seen.refunded) shrunk = "a party's refunded";
            if (earned_ < seen.earned) shrunk = "a party's earned";
            (seen.spent, seen.refunded, seen.earned) = (spent_, refunded_, earned_);
        }
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        if (last.epoch < _seenFinal.epoch) shrunk = "the epoch";
        if (last.spent < _seenFinal.spent) shrunk = "the final spent";
        if (last.refunded < _seenFinal.refunded) shrunk = "the final refunded";
        if (last.earned < _seenFinal.earned) shrunk = "the final earned";
        _seenFinal = last;
        uint64[4] memory settled;
        (settled[0], settled[1], settled[2], settled[3]) = credits.settledTotals();
        for (uint256 i = 0; i < 4; ++i) {
            if (settled[i] < _seenSettled[i]) shrunk = "a settled total";
        }
        _seenSettled = settled;
        _count("observed");
    }

    /// @dev Counts that an action reached what it is for.
    function _count(string memory name) internal {
        ++calls[name];
    }

    // ── what has to come first ──

    /// @dev A challenge that was made: by whom, and about whom.
    struct Made {
        uint256 who;
        uint256 about;
    }

    /// @dev The last challenges. Answers, drops and stakes look here, because a guess would miss.
    Made[] internal _challenges;
    uint256 internal _nextSignersAt;
    address internal _nextGuardian;
    uint256 internal _nextGuardianAt;
    address internal _bondRecipient;
    uint256 internal _bondWithdrawalAt;

    function _keepChallenge(uint256 who, uint256 about) internal {
        _challenges.push(Made(who % PARTIES, about % PARTIES));
    }

    /// @dev One of the challenges, mostly one of the last three. The seed alone chooses a pair if
    ///      there is none.
    function _challengeAt(uint256 seed) internal view returns (Made memory made) {
        uint256 count = _challenges.length;
        if (count == 0) return Made(seed % PARTIES, (seed >> 8) % PARTIES);
        return _challenges[count - 1 - (seed % (count < 3 ? count : 3))];
    }

    /// @dev Passes a deadline in two of three cases. Otherwise what waits for it comes too early.
    function _maybeUntil(uint256 timestamp, uint256 seed) internal {
        if (seed % 3 > 0 && timestamp >= block.timestamp) vm.warp(timestamp + 1);
    }

    // ── what the invariants read ──

    function partyCount() external pure returns (uint256) {
        return PARTIES;
    }

    uint128 internal constant COURT_STAKE = 0.01 ether;

    function _party(uint256 who) internal view returns (address) {
        return parties[who % PARTIES];
    }

    /// @dev Credits that an account may still use. It has spent the rest, was refunded, or
    ///      requested it.
    function _free(uint256 i) internal view returns (uint64) {
        (uint64 purchased, , , ) = credits.party(parties[i]);
        uint64 taken = spent[i] + refunded[i] + refunding[i];
        return purchased > taken ? purchased - taken : 0;
    }

    /// @dev Moves a requested refund into the row, up to the unspent credits, as the ledger does.
    function _serveRefund(uint256 i) internal {
        if (refunding[i] == 0) return;
        (uint64 purchased, , , ) = credits.party(parties[i]);
        uint64 unspent = purchased - spent[i] - refunded[i];
        refunded[i] += refunding[i] < unspent ? refunding[i] : unspent;
        refunding[i] = 0;
    }

    /// @dev Makes the latest table the final one once its checkpoint is final. Forgets a dropped
    ///      one.
    function _promote() internal {
        if (_latest.length == 0) return;
        bytes32 root = Table.root(_latest);
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        if (last.root == root) {
            if (last.epoch != _finalEpoch) (_earlier, _finalEpoch) = (_final, last.epoch);
            _final = _latest;
        } else if (credits.pendingCheckpoint().root != root) _latest = _final;
    }

    /// @dev The next checkpoint over these rows, with their sums as totals.
    function _summedUp(
        ICreditTypes.Row[] memory rows
    ) internal view returns (ICreditTypes.Checkpoint memory next) {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        next.epoch = last.epoch + 1;
        next.previousRoot = last.root;
        for (uint256 i = 0; i < rows.length; ++i) {
            next.spent += rows[i].spent;
            next.refunded += rows[i].refunded;
            next.earned += rows[i].earned;
        }
        next.asOf = uint64(block.timestamp);
    }

    /// @dev Gives the rows any numbers, and the totals any between the last ones and all purchases.
    function _lie(
        ICreditTypes.Checkpoint memory next,
        ICreditTypes.Row[] memory rows,
        uint256 seed
    ) internal view {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        uint64 purchased = 0;
        for (uint256 i = 0; i < PARTIES; ++i) {
            (uint64 p, , , ) = credits.party(parties[i]);
            purchased += p;
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            rows[i].spent = uint64(between(random, 0, 2 * uint256(p)));
            rows[i].refunded = uint64(between(random >> 64, 0, 2 * uint256(p)));
            rows[i].earned = uint64(between(random >> 128, 0, 4 * MAX_BUY));
        }
        uint64 left = purchased - last.spent - last.refunded;
        // Small steps too: those a vault with a limit pays in full.
        if (seed % 2 == 0) left /= 32;
        next.spent = last.spent + uint64(between(seed, 0, left));
        next.refunded =
            last.refunded + uint64(between(seed >> 64, 0, left - (next.spent - last.spent)));
        uint64 lastFee = last.spent - last.earned;
        uint64 mostFee = uint64((uint256(next.spent) * 500) / 10_000);
        next.earned = next.spent - lastFee - uint64(between(seed >> 128, 0, mostFee - lastFee));
    }

    function _addressesOf(uint256[] memory keys) internal pure returns (address[] memory list) {
        list = new address[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) list[i] = vm.addr(keys[i]);
    }

    /// @dev 100 micro-credits are one base unit. A payout is a difference of such floors.
    function _tokens(uint64 refunded_, uint64 earned_) internal pure returns (uint256) {
        return (uint256(refunded_) + earned_) / 100;
    }

    function _signed(
        bytes32 digest,
        uint256 count
    ) internal view returns (ICreditTypes.SignerSignature[] memory list) {
        list = new ICreditTypes.SignerSignature[](count);
        for (uint256 i = 0; i < count; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], digest);
            list[i] = ICreditTypes.SignerSignature(vm.addr(_keys[i]), abi.encodePacked(r, s, v));
        }
    }

    /// @dev Remembers a signed checkpoint, which accusers can show later.
    function _keep(
        ICreditTypes.Checkpoint memory checkpoint,
        ICreditTypes.SignerSignature[] memory signatures
    ) internal {
        _signedCheckpoints[_checkpointCount++ % KEPT] = abi.encode(checkpoint, signatures);
    }

    /// @dev The account signs a cap over all its charges under its present counter, and it is
    ///      recorded.
    function _recordCap(uint256 i) internal returns (uint64 counter) {
        IDisputes.Allowance memory allowance;
        allowance.account = parties[i];
        allowance.accountCap = signedFor[i];
        allowance.counter = counter = credits.counterOf(parties[i]);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xACE0 + i, court.hashAllowance(allowance));
        court.recordCap(allowance, abi.encodePacked(r, s, v));
    }
}
