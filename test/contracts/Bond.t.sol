// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IExits} from "../../contracts/interfaces/IExits.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {FalseToken} from "../../contracts/mocks/OddTokens.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

/// @dev The bond is 10 dollars. The signers signed two checkpoints for the first epoch. Whatever
///      the token refuses, the proof freezes the vault, and what was refused is paid later.
abstract contract SlashFixture is Fixture {
    ICreditTypes.Checkpoint internal a;
    ICreditTypes.Checkpoint internal b;

    function setUp() public virtual override {
        super.setUp();
        buy(payer, 1_000 * CREDIT);
        a = checkpointOf(table(row(payer, 1, 0, 0), row(provider, 0, 0, 1)));
        b = checkpointOf(table(row(payer, 2, 0, 0), row(provider, 0, 0, 2)));
        deposit(10e6);
    }

    function deposit(uint256 amount) internal {
        vm.startPrank(stranger);
        dollar.approve(address(court), amount);
        court.depositBond(amount);
        vm.stopPrank();
    }

    function prove() internal {
        ICreditTypes.SignerSignature[] memory ofA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory ofB = signed(credits.hashCheckpoint(b));
        vm.prank(otherProvider);
        court.proveEquivocation(a, ofA, b, ofB);
    }

    /// @dev What the court holds is what it owes.
    function conserved() internal view {
        same(
            dollar.balanceOf(address(court)),
            court.bond() +
                court.coverOwed() +
                court.rewardOf(otherProvider) +
                court.rewardOf(provider),
            "the court's tokens"
        );
    }
}

contract SlashTest is SlashFixture {
    function test_aDepositAfterTheFreeze_reverts() external {
        prove();
        same(court.bond(), 0, "slashed");
        vm.startPrank(stranger);
        dollar.approve(address(court), 1);
        bytes memory frozen = abi.encodeWithSelector(IExits.VaultFrozen.selector, block.timestamp);
        vm.expectRevert(frozen);
        court.depositBond(1);
        vm.stopPrank();
    }

    function test_byEquivocation_paysAndCoversAtOnce() external {
        uint256 before = dollar.balanceOf(address(credits));
        vm.expectEmit(address(court));
        emit IBond.Equivocated(1, otherProvider, 5e6, 5e6);
        vm.expectEmit(address(court));
        emit IBond.RewardPaid(otherProvider, otherProvider, 5e6);
        vm.expectEmit(address(court));
        emit IBond.ExitsCovered(5e6, 500 * CREDIT);
        prove();
        same(dollar.balanceOf(otherProvider), 5e6, "the reward");
        same(dollar.balanceOf(address(credits)) - before, 5e6, "the cover");
        same(credits.coveredMicros(), 500 * CREDIT, "counted");
        same(credits.unspentPool(), 1_500 * CREDIT, "the pool of exits");
        conserved();
    }

    function test_ofATokenThatRefusesTheReporter_freezes_andPaysItsNextRecipient() external {
        dollar.setBlacklisted(otherProvider, true);
        prove();
        same(credits.frozenAt(), block.timestamp, "frozen");
        same(court.bond(), 0, "slashed");
        same(court.rewardOf(otherProvider), 5e6, "owed");
        same(credits.coveredMicros(), 500 * CREDIT, "the cover has arrived");
        conserved();

        vm.expectRevert();
        court.payReward(otherProvider);
        same(court.rewardOf(otherProvider), 5e6, "still owed");
        vm.prank(otherProvider);
        credits.setRecipient(address(0xE0A));
        vm.expectEmit(address(court));
        emit IBond.RewardPaid(otherProvider, address(0xE0A), 5e6);
        same(court.payReward(otherProvider), 5e6, "paid");
        same(dollar.balanceOf(address(0xE0A)), 5e6, "received");
        vm.expectRevert(abi.encodeWithSelector(IBond.NoReward.selector, otherProvider));
        court.payReward(otherProvider);
        conserved();
    }

    function test_ofATokenThatRefusesTheVault_freezes_andCoversLaterOnce() external {
        dollar.setBlacklisted(address(credits), true);
        prove();
        same(credits.frozenAt(), block.timestamp, "frozen");
        same(dollar.balanceOf(otherProvider), 5e6, "the reward");
        same(credits.coveredMicros(), 0, "nothing arrived, so nothing counts");
        same(court.coverOwed(), 5e6, "owed");
        conserved();

        vm.expectRevert();
        court.coverExits();
        dollar.setBlacklisted(address(credits), false);
        vm.expectEmit(address(court));
        emit IBond.ExitsCovered(5e6, 500 * CREDIT);
        same(court.coverExits(), 500 * CREDIT, "covered");
        same(credits.coveredMicros(), 500 * CREDIT, "counted");
        vm.expectRevert(abi.encodeWithSelector(IBond.NothingToCover.selector));
        court.coverExits();
        same(credits.coveredMicros(), 500 * CREDIT, "counted once");
        conserved();
    }

    function test_ofATokenThatRefusesTheCourt_freezes_andPaysAllLater() external {
        dollar.setBlacklisted(address(court), true);
        prove();
        same(credits.frozenAt(), block.timestamp, "frozen");
        conserved();
        dollar.setBlacklisted(address(court), false);
        court.coverExits();
        court.payReward(otherProvider);
        same(dollar.balanceOf(address(court)), 0, "all is paid");
        same(credits.coveredMicros(), 500 * CREDIT, "counted");
    }

    /// @dev Between the slash and the cover's arrival the owner can withdraw nothing of it.
    function test_ofARefusedCover_cannotBeWithdrawn() external {
        vm.prank(owner);
        court.announceBondWithdrawal(owner);
        dollar.setBlacklisted(address(court), true);
        prove();
        dollar.setBlacklisted(address(court), false);
        skip(SIGNER_DELAY);
        court.withdrawBond(owner);
        same(dollar.balanceOf(owner), 0, "the bond is empty");
        conserved();
    }

    function test_withTooLittleGasForTheTransfers_isPaidLater() external {
        ICreditTypes.SignerSignature[] memory ofA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory ofB = signed(credits.hashCheckpoint(b));
        bytes memory call = abi.encodeCall(court.proveEquivocation, (a, ofA, b, ofB));
        bool done = false;
        for (uint256 gas_ = 100_000; !done; gas_ += 5_000) {
            vm.prank(otherProvider);
            // solhint-disable-next-line avoid-low-level-calls
            (done, ) = address(court).call{gas: gas_}(call);
        }
        yes(credits.frozenAt() > 0, "frozen");
        conserved();
        if (court.rewardOf(otherProvider) > 0) court.payReward(otherProvider);
        if (court.coverOwed() > 0) court.coverExits();
        same(dollar.balanceOf(otherProvider), 5e6, "the reward");
        same(credits.coveredMicros(), 500 * CREDIT, "the cover");
    }

    function test_withoutABond_freezesAndPaysNothing() external {
        prove();
        prove();
        same(dollar.balanceOf(otherProvider), 5e6, "one reward");
        same(credits.coveredMicros(), 500 * CREDIT, "one cover");
        conserved();
    }

    /// @dev Any bond, refused in any way, is paid out to the last unit once the token allows it.
    function testFuzz_allOfTheBondIsPaidOnce(uint256 amount, uint8 refusals) external {
        deposit(between(amount, 0, 900_000e6));
        uint256 all = court.bond();
        uint256 before = dollar.balanceOf(address(credits));
        address[3] memory refused = [otherProvider, address(credits), address(court)];
        for (uint256 i = 0; i < 3; ++i) {
            dollar.setBlacklisted(refused[i], (refusals >> i) % 2 == 1);
        }
        prove();
        yes(credits.frozenAt() > 0, "frozen");
        conserved();
        for (uint256 i = 0; i < 3; ++i) dollar.setBlacklisted(refused[i], false);
        if (court.rewardOf(otherProvider) > 0) court.payReward(otherProvider);
        if (court.coverOwed() > 0) court.coverExits();
        uint256 cover = dollar.balanceOf(address(credits)) - before;
        same(dollar.balanceOf(otherProvider), all / 2, "the reward");
        same(cover, all - all / 2, "the cover");
        same(credits.coveredMicros(), cover * 100, "counted");
        same(dollar.balanceOf(address(court)), 0, "nothing is left");
    }
}

/// @dev The provider's earnings of the final table were taken by another row.
contract RefusedShortfallTest is SlashFixture {
    ICreditTypes.Row[] internal rows;

    function setUp() public override {
        super.setUp();
        rows.push(row(payer, 100 * CREDIT, 0, 0));
        rows.push(row(provider, 0, 0, 100 * CREDIT));
        rows.push(row(otherProvider, 0, 0, 100 * CREDIT));
        ICreditTypes.Checkpoint memory lie = checkpointOf(rows);
        lie.earned = 100 * CREDIT;
        submit(lie);
        skip(DISPUTE);
        settle(rows, 2);
    }

    function test_ofATokenThatRefusesTheProvider_freezes_andOwesIt() external {
        dollar.setBlacklisted(provider, true);
        vm.expectEmit(address(court));
        emit IBond.CameShort(1, provider, 1e6, 9e6);
        court.proveShortfall(rows[1], Table.proof(rows, 1));
        same(credits.frozenAt(), block.timestamp, "frozen");
        same(court.rewardOf(provider), 1e6, "owed");
        same(credits.coveredMicros(), 900 * CREDIT, "covered");
        conserved();
        vm.prank(provider);
        credits.setRecipient(address(0xE0A));
        court.payReward(provider);
        same(dollar.balanceOf(address(0xE0A)), 1e6, "received");
        conserved();
    }
}

/// @dev A token that answers `false` instead of reverting, and one that moves nothing.
contract OddBondTest is SlashFixture {
    function dollarArtifact() internal pure override returns (string memory) {
        return "OddTokens.sol:FalseToken";
    }

    function test_ofATokenThatAnswersFalse_freezes_andPaysLater() external {
        FalseToken token = FalseToken(address(dollar));
        token.setRefusing(true);
        prove();
        yes(credits.frozenAt() > 0, "frozen");
        same(credits.coveredMicros(), 0, "nothing arrived");
        conserved();
        token.setRefusing(false);
        court.coverExits();
        court.payReward(otherProvider);
        same(token.balanceOf(otherProvider), 5e6, "the reward");
        same(credits.coveredMicros(), 500 * CREDIT, "counted");
    }
}

/// @dev A token whose transfers from one account succeed and deliver another amount: nothing, less
///      or more.
contract LyingToken {
    address public liar;
    uint256 public percent = 100;
    uint8 public constant decimals = 6;
    mapping(address account => uint256 value) public balanceOf;

    function mint(address account, uint256 value) external {
        balanceOf[account] += value;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function setLiar(address account, uint256 percent_) external {
        (liar, percent) = (account, percent_);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        return _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        uint256 delivered = from == liar ? (value * percent) / 100 : value;
        if (delivered > 0) balanceOf[from] -= value;
        balanceOf[to] += delivered;
        return true;
    }
}

contract CoverOfALyingTokenTest is SlashFixture {
    address private _lyingToken;

    function setUp() public override {
        vm.warp(1_800_000_000);
        _lyingToken = address(new LyingToken());
        super.setUp();
    }

    function create(
        string memory artifact,
        bytes memory arguments
    ) internal override returns (address deployed) {
        if (keccak256(bytes(artifact)) == keccak256(bytes(dollarArtifact()))) return _lyingToken;
        return super.create(artifact, arguments);
    }

    function test_ofATokenThatMovesNothing_countsNoCover() external {
        LyingToken token = LyingToken(address(dollar));
        token.setLiar(address(court), 0);
        prove();
        yes(credits.frozenAt() > 0, "frozen");
        same(credits.coveredMicros(), 0, "nothing arrived");
        same(court.coverOwed(), 5e6, "owed");
        vm.expectRevert(
            abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, uint256(0), uint256(5e6))
        );
        court.coverExits();
        token.setLiar(address(0), 100);
        same(court.coverExits(), 500 * CREDIT, "covered");
    }

    function test_ofATokenThatTakesAFee_countsWhatArrives() external {
        LyingToken(address(dollar)).setLiar(address(court), 90);
        vm.expectEmit(address(court));
        emit IBond.ExitsCovered(4_500_000, 450 * CREDIT);
        prove();
        same(credits.coveredMicros(), 450 * CREDIT, "what arrived");
        same(court.coverOwed(), 0, "the rest is gone");
    }

    function test_ofATokenThatDeliversMore_countsTheCoverOnly() external {
        LyingToken(address(dollar)).setLiar(address(court), 110);
        prove();
        same(credits.coveredMicros(), 500 * CREDIT, "no more than was sent");
    }
}
