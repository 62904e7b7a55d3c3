// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeCredits} from "../../contracts/interfaces/IComputeCredits.sol";
import {ICourt} from "../../contracts/interfaces/ICourt.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";
import {Test} from "./support/Test.sol";

/// @dev Accounts that spend, sign caps and raise their counters, signers that charge them rightly
///      or too much, and challengers. It keeps which caps count, and checks each answer against
///      them. All state is the handler's own, which the fuzzer keeps.
contract AnswerActors is Test {
    uint256 internal constant PARTIES = 3;
    uint64 internal constant BOUGHT = 1e12;
    uint128 internal constant STAKE = 0.01 ether;

    IComputeCredits internal credits;
    ICourt internal court;
    uint256[] internal _keys;
    address internal guardian;

    /// @dev The recorded cap of each counter, and when the counter ended.
    mapping(uint256 account => mapping(uint64 counter => uint64 cap)) internal _caps;
    mapping(uint256 account => mapping(uint64 counter => uint256 at)) internal _endedAt;
    /// @dev The rows of the pending or last submitted table, and of the final one.
    ICreditTypes.Row[] internal _pending;
    ICreditTypes.Row[] internal _final;
    uint256 internal _submittedAt;
    uint64 internal _epoch;

    /// @dev How often each kind of answer was seen, for the test that wants to see all of them.
    mapping(bytes32 kind => uint256 count) public calls;

    constructor(IComputeCredits credits_, uint256[] memory keys, address guardian_) {
        credits = credits_;
        court = ICourt(credits_.court());
        _keys = keys;
        guardian = guardian_;
        vm.deal(address(this), 1_000_000 ether);
    }

    function key(uint256 i) public pure returns (uint256) {
        return 0xF00 + (i % PARTIES);
    }

    function recordCap(uint256 who, uint64 cap) external {
        uint256 i = who % PARTIES;
        IDisputes.Allowance memory allowance;
        allowance.account = vm.addr(key(i));
        allowance.accountCap = uint64(between(cap, 0, BOUGHT));
        allowance.counter = credits.counterOf(allowance.account);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key(i), court.hashAllowance(allowance));
        court.recordCap(allowance, abi.encodePacked(r, s, v));
        uint64 recorded = _caps[i][allowance.counter];
        if (allowance.accountCap > recorded) _caps[i][allowance.counter] = allowance.accountCap;
    }

    function revokeAll(uint256 who) external {
        uint256 i = who % PARTIES;
        address account = vm.addr(key(i));
        _endedAt[i][credits.counterOf(account)] = block.timestamp;
        vm.prank(account);
        credits.revokeAll();
    }

    /// @dev Charges one account any more, within its purchases. All other rows stay.
    function submit(uint256 who, uint64 more) external {
        _promote();
        if (credits.pendingCheckpoint().epoch > 0 || credits.frozenAt() > 0) return;
        // A drop voids what is dated in its second.
        vm.warp(block.timestamp + 1);
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](PARTIES);
        for (uint256 i = 0; i < PARTIES; ++i) {
            rows[i] = _final.length > 0 ? _final[i] : ICreditTypes.Row(vm.addr(key(i)), 0, 0, 0);
        }
        uint256 charged = who % PARTIES;
        // A multiple of four charges nothing new.
        if (more % 4 > 0) {
            rows[charged].spent += uint64(between(more, 0, BOUGHT - rows[charged].spent));
        }
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        ICreditTypes.Checkpoint memory next;
        (next.epoch, next.previousRoot) = (last.epoch + 1, last.root);
        for (uint256 i = 0; i < PARTIES; ++i) next.spent += rows[i].spent;
        next.earned = next.spent;
        next.root = Table.root(rows);
        next.asOf = uint64(block.timestamp);
        credits.submitCheckpoint(next, _signed(credits.hashCheckpoint(next)));
        delete _pending;
        for (uint256 i = 0; i < PARTIES; ++i) _pending.push(rows[i]);
        (_submittedAt, _epoch) = (block.timestamp, next.epoch);
    }

    function challenge(uint256 about, bool omission) external {
        _promote();
        if (credits.pendingCheckpoint().epoch == 0) return;
        uint256 i = about % PARTIES;
        if (omission && _final.length > 0) {
            bytes32[] memory finalProof = Table.proof(_final, i);
            try court.challengeOmission{value: STAKE}(_final[i], finalProof) {} catch {}
            return;
        }
        bytes32[] memory proof = Table.proof(_pending, i);
        try court.challengeRow{value: STAKE}(_pending[i], proof) {} catch {}
    }

    /// @dev Tries all answers to an open challenge. It is answered if and only if the spending is
    ///      settled, in the final table, or within a cap that counts.
    function answer(uint256 about) external {
        _promote();
        uint256 i = about % PARTIES;
        address account = vm.addr(key(i));
        IDisputes.Challenge memory asked = court.challengeOf(account, address(this));
        if (
            asked.deadline < block.timestamp ||
            asked.drops != credits.drops() ||
            credits.pendingCheckpoint().epoch == 0
        ) return;
        ICreditTypes.Row memory shown = _pending[i];
        (, uint64 settled, , ) = credits.party(account);
        bool nothingNew = _final.length > 0 && shown.spent <= _final[i].spent;
        bool byCap = shown.spent <= settled;
        for (uint64 c = 0; c <= credits.counterOf(account); ++c) {
            bool counts = _endedAt[i][c] == 0 || _submittedAt <= _endedAt[i][c] + 4 hours;
            if (counts && shown.spent <= _caps[i][c]) byCap = true;
        }
        bool answered = _byFinalRow(i, shown);
        if (answered != nothingNew) revert NotTrue("answered by a final row");
        for (uint64 c = 0; !answered && c <= credits.counterOf(account); ++c) {
            try court.answer(address(this), shown, Table.proof(_pending, i), c) {
                answered = true;
            } catch {}
        }
        if (answered != (nothingNew || byCap)) revert NotTrue("answered");
        ++calls[
            nothingNew
                ? bytes32("nothingNew")
                : byCap
                    ? bytes32("byCap")
                    : bytes32("none")
        ];
    }

    function _byFinalRow(uint256 i, ICreditTypes.Row memory shown) private returns (bool) {
        for (uint256 j = 0; j < _final.length; ++j) {
            bytes32[] memory proof = Table.proof(_final, j);
            try
                court.answerWithFinalRow(
                    address(this),
                    shown,
                    Table.proof(_pending, i),
                    _final[j],
                    proof
                )
            {
                if (j != i) revert NotTrue("another account's final row answered");
                return true;
            } catch {}
        }
        return false;
    }

    function dropUnanswered(uint256 about) external {
        try court.dropUnanswered(vm.addr(key(about)), address(this)) {} catch {}
    }

    function reclaim(uint256 about) external {
        try court.reclaimStake(vm.addr(key(about))) {} catch {}
    }

    function veto() external {
        vm.prank(guardian);
        try credits.veto() {} catch {}
    }

    function settle(uint256 who) external {
        _promote();
        if (_final.length == 0) return;
        uint256 i = who % PARTIES;
        credits.settle(_final[i], credits.finalCheckpoint().epoch, Table.proof(_final, i));
    }

    function passTime(uint256 duration) external {
        vm.warp(block.timestamp + between(duration, 1, 3 hours));
    }

    function _promote() private {
        if (_epoch == 0 || credits.finalCheckpoint().epoch != _epoch) return;
        _final = _pending;
        _epoch = 0;
    }

    function _signed(
        bytes32 digest
    ) private view returns (ICreditTypes.SignerSignature[] memory list) {
        list = new ICreditTypes.SignerSignature[](_keys.length);
        for (uint256 i = 0; i < _keys.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], digest);
            list[i] = ICreditTypes.SignerSignature(vm.addr(_keys[i]), abi.encodePacked(r, s, v));
        }
    }
}

/// @dev A challenge with nothing newly spent is always answerable. A row charged beyond the final
///      table and beyond all caps that count never is.
contract FinalRowInvariantTest is Fixture {
    AnswerActors internal actors;

    function setUp() public override {
        super.setUp();
        actors = new AnswerActors(credits, signerKeys, guardian);
        fund(stranger);
        for (uint256 i = 0; i < 3; ++i) {
            address account = vm.addr(actors.key(i));
            vm.prank(stranger);
            credits.buy(account, 1e12);
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev The handler reverts on a wrong answer. The court's stakes are checked on the way.
    function invariant_challengesAreAnsweredIfAndOnlyIfTheyShouldBe() external view {
        atMost(court.stakeOf(address(actors)), address(court).balance, "stakes");
    }

    /// @dev The handler reaches each kind of answer. Otherwise the invariant would say nothing.
    function test_theHandlerReachesEachKindOfAnswer() external {
        actors.recordCap(0, 5e11);
        actors.submit(0, 4e11 + 1);
        actors.challenge(0, false);
        actors.answer(0);
        same(actors.calls("byCap"), 1, "by a cap");
        actors.passTime(3 hours - 1);
        actors.revokeAll(0);
        actors.passTime(3 hours - 1);
        actors.passTime(3 hours - 1);
        actors.submit(1, 3);
        actors.challenge(0, false);
        actors.answer(0);
        same(actors.calls("nothingNew"), 1, "by the final row");
        actors.challenge(1, false);
        actors.answer(1);
        same(actors.calls("none"), 1, "by nothing");
    }
}
