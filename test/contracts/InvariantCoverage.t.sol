// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actors} from "./support/Actors.sol";
import {Accusers} from "./support/Accusers.sol";
import {Fixture} from "./support/Fixture.sol";

/// @dev An invariant says nothing about what its actions never reach. So the actions are played
///      here in runs of the same length as those of the invariants, and each must succeed in one.
abstract contract InvariantCoverageFixture is Fixture {
    uint256 private constant RUNS = 64;
    uint256 private constant DEPTH = 50;

    /// @dev An action and the bits of its arguments, from the first on.
    struct Action {
        bytes4 selector;
        uint8[4] bits;
    }

    Action[] private _actions;
    mapping(string name => uint256 count) private _total;

    /// @dev Whether all signers sign false tables.
    function dishonest() internal pure virtual returns (bool);

    /// @dev What proves that all signers lie. It must happen if they do, and never otherwise.
    string[3] private _proofs = ["proveFraud", "proveEquivocation", "proveShortfall"];

    /// @dev What must succeed in one of the runs.
    string[37] private _must = [
        "buy",
        "use",
        "requestRefund",
        "revokeAll",
        "setRecipient",
        "withdrawOwed",
        "tryToMoveCredits",
        "submitCheckpoint",
        "submitWithTooFewSignatures",
        "settle",
        "settle, paid",
        "settleEarlier",
        "settlePending",
        "claimFees",
        "veto",
        "pause",
        "unpause",
        "changeSigners",
        "submitByFormerSigners",
        "changeGuardian",
        "freeze",
        "exit",
        "exitWithoutProof",
        "challenge",
        "challengeOmission",
        "giveReceipt",
        "challengeEarnings",
        "answer",
        "coverSpending",
        "dropUnanswered",
        "reclaimStake",
        "withdrawStake",
        "depositBond",
        "withdrawBond",
        "registerReceipt",
        "challengeRegisteredEarnings",
        "blacklistContract"
    ];

    function test_everyAction_succeedsInOneOfTheRuns() external {
        _add(Actors.buy.selector, 32, 32, 40, 0);
        _add(Actors.use.selector, 32, 32, 40, 16);
        _add(Actors.requestRefund.selector, 32, 40, 0, 0);
        _add(Actors.revokeAll.selector, 32, 0, 0, 0);
        _add(Actors.setRecipient.selector, 32, 32, 0, 0);
        _add(Actors.withdrawOwed.selector, 32, 32, 0, 0);
        _add(Actors.tryToMoveCredits.selector, 32, 32, 32, 0);
        _add(Actors.submitCheckpoint.selector, 255, 0, 0, 0);
        _add(Actors.workAndFinalize.selector, 255, 0, 0, 0);
        _add(Actors.workAndDispute.selector, 255, 0, 0, 0);
        _add(Actors.workAndClaim.selector, 255, 0, 0, 0);
        _add(Actors.exitAll.selector, 32, 0, 0, 0);
        _add(Actors.submitWithTooFewSignatures.selector, 40, 0, 0, 0);
        _add(Actors.settle.selector, 32, 0, 0, 0);
        _add(Actors.settleRefused.selector, 32, 0, 0, 0);
        _add(Actors.settleEarlier.selector, 32, 0, 0, 0);
        _add(Actors.settlePending.selector, 32, 0, 0, 0);
        _add(Actors.claimFees.selector, 0, 0, 0, 0);
        _add(Actors.veto.selector, 0, 0, 0, 0);
        _add(Actors.pauseOrNot.selector, 32, 0, 0, 0);
        _add(Actors.setFeeRecipient.selector, 32, 0, 0, 0);
        _add(Actors.blacklist.selector, 32, 1, 0, 0);
        _add(Actors.announceSigners.selector, 32, 0, 0, 0);
        _add(Actors.changeSigners.selector, 32, 0, 0, 0);
        _add(Actors.submitByFormerSigners.selector, 0, 0, 0, 0);
        _add(Actors.makeGuardian.selector, 32, 0, 0, 0);
        _add(Actors.changeGuardian.selector, 32, 0, 0, 0);
        _add(Actors.freeze.selector, 32, 0, 0, 0);
        _add(Actors.exit.selector, 32, 1, 0, 0);
        _add(Actors.passTime.selector, 64, 0, 0, 0);
        _add(Actors.passDays.selector, 64, 0, 0, 0);
        _add(Accusers.challenge.selector, 32, 32, 0, 0);
        _add(Accusers.challengeOmission.selector, 32, 32, 0, 0);
        _add(Accusers.giveReceipt.selector, 32, 0, 0, 0);
        _add(Accusers.challengeEarnings.selector, 32, 32, 0, 0);
        _add(Accusers.answer.selector, 32, 0, 0, 0);
        _add(Accusers.coverSpending.selector, 32, 0, 0, 0);
        _add(Accusers.dropUnanswered.selector, 32, 0, 0, 0);
        _add(Accusers.reclaimAndWithdrawStakes.selector, 32, 0, 0, 0);
        _add(Accusers.proveFraud.selector, 32, 0, 0, 0);
        _add(Accusers.depositBond.selector, 32, 64, 0, 0);
        _add(Accusers.announceBondWithdrawal.selector, 32, 0, 0, 0);
        _add(Accusers.withdrawBond.selector, 32, 0, 0, 0);
        _add(Accusers.proveEquivocation.selector, 32, 32, 0, 0);
        _add(Accusers.registerReceipt.selector, 32, 0, 0, 0);
        _add(Accusers.challengeRegisteredEarnings.selector, 32, 32, 0, 0);
        _add(Accusers.payReward.selector, 32, 0, 0, 0);
        _add(Accusers.coverExits.selector, 0, 0, 0, 0);
        _add(Accusers.blacklistContract.selector, 1, 1, 0, 0);
        _add(Accusers.proveShortfall.selector, 32, 0, 0, 0);

        for (uint256 run = 0; run < RUNS; ++run) {
            if (run > 0) setUp();
            Actors actors = new Actors(credits, dollar, signerKeys, dishonest(), owner);
            _play(actors, run);
            same(actors.calls("observed"), DEPTH, "actions that the numbers were compared after");
            for (uint256 i = 0; i < 37; ++i) _total[_must[i]] += actors.calls(_must[i]);
            for (uint256 i = 0; i < 3; ++i) _total[_proofs[i]] += actors.calls(_proofs[i]);
        }
        for (uint256 i = 0; i < 37; ++i) atMost(1, _total[_must[i]], _must[i]);
        for (uint256 i = 0; i < 3; ++i) yes((_total[_proofs[i]] > 0) == dishonest(), _proofs[i]);
    }

    function _add(bytes4 selector, uint8 a, uint8 b, uint8 c, uint8 d) private {
        _actions.push(Action(selector, [a, b, c, d]));
    }

    function _play(Actors actors, uint256 run) private {
        for (uint256 step = 0; step < DEPTH; ++step) {
            uint256 random = uint256(keccak256(abi.encode("coverage", run, step)));
            Action memory action = _actions[random % _actions.length];
            uint256[4] memory words;
            for (uint256 i = 0; i < 4; ++i) {
                words[i] = uint256(keccak256(abi.encode(random, i)));
                words[i] &= (1 << action.bits[i]) - 1;
            }
            (bool success, bytes memory reason) = address(actors).call(
                abi.encodePacked(action.selector, words)
            );
            if (success) continue;
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

/// @dev The actors must notice a number that shrinks (I3), whatever made it shrink.
contract ShrunkNumbersTest is Fixture {
    Actors private actors;

    function setUp() public override {
        super.setUp();
        actors = new Actors(credits, dollar, signerKeys, false, owner);
        actors.workAndFinalize(1);
        for (uint256 i = 0; i < 6; ++i) actors.settle(i);
        actors.claimFees();
        yes(bytes(actors.shrunk()).length == 0, "nothing has shrunk");
    }

    function test_partysNumberThatShrinks_isNoticed() external {
        string[3] memory names = ["a party's spent", "a party's refunded", "a party's earned"];
        for (uint256 field = 0; field < 3; ++field) {
            bytes32 slot = recordSlot(actors.parties(0));
            uint256 word = uint256(vm.load(address(credits), slot));
            // One more of the number, which the actors see, and one less again.
            uint256 one = 1 << (64 * (field + 1));
            vm.store(address(credits), slot, bytes32(word + one));
            actors.revokeAll(0);
            vm.store(address(credits), slot, bytes32(word));
            actors.revokeAll(0);
            same(keccak256(bytes(actors.shrunk())), keccak256(bytes(names[field])), names[field]);
        }
    }

    function test_totalThatShrinks_isNoticed() external {
        (uint64 spent, , , ) = credits.settledTotals();
        atMost(1, spent, "something is settled");
        bytes32 slot = slotWith(spent, 64);
        uint256 word = uint256(vm.load(address(credits), slot));
        vm.store(address(credits), slot, bytes32(word - (1 << 64)));
        actors.revokeAll(0);
        same(keccak256(bytes(actors.shrunk())), keccak256("a settled total"), "seen");
    }
}

contract HonestQuorumCoverageTest is InvariantCoverageFixture {
    function dishonest() internal pure override returns (bool) {
        return false;
    }
}

contract DishonestQuorumCoverageTest is InvariantCoverageFixture {
    function dishonest() internal pure override returns (bool) {
        return true;
    }
}

contract LimitedDishonestQuorumCoverageTest is InvariantCoverageFixture {
    function dishonest() internal pure override returns (bool) {
        return true;
    }

    function unprovenLimit() internal pure override returns (uint64) {
        return 5e11;
    }
}
