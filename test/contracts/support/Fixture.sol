// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {ICourt} from "../../../contracts/interfaces/ICourt.sol";
import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {ITerms} from "../../../contracts/interfaces/ITerms.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {Table} from "./Table.sol";
import {Test} from "./Test.sol";

/// @dev A deployed vault with two signers, both needed, and named parties with dollars. One dollar
///      buys 100 credits, so 100 micro-credits cost one base unit.
abstract contract Fixture is Test {
    uint64 internal constant CREDIT = 1_000_000;
    uint64 internal constant PRICE = 100_000_000;
    uint32 internal constant DISPUTE = 1 hours;
    uint32 internal constant ANSWER = 30 minutes;
    uint32 internal constant REFUND = 3 days;
    uint32 internal constant GRACE = 7 days;
    uint32 internal constant COUNTER_GRACE = 4 hours;
    uint32 internal constant SIGNER_DELAY = 7 days;
    uint128 internal constant STAKE = 0.01 ether;
    uint64 internal constant NO_LIMIT = type(uint64).max;

    uint256 internal constant PAYER_KEY = 0xA11CE;

    address internal payer = vm.addr(PAYER_KEY);
    address internal otherPayer = address(0xB0B);
    address internal provider = address(0xCAFE);
    address internal otherProvider = address(0xD00D);
    address internal stranger = address(0x57A4);
    address internal owner = address(0x0E0E);
    address internal guardian = address(0x6A6A);
    address internal feeRecipient = address(0xFEE);

    TestDollar internal dollar;
    IComputeCredits internal credits;
    ICourt internal court;

    /// @dev The signers' keys, ascending by address.
    uint256[] internal signerKeys;
    /// @dev The epoch for which a table was last submitted, by its root.
    mapping(bytes32 root => uint64 epoch) internal epochOf;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        dollar = TestDollar(create(dollarArtifact(), ""));
        _sortedKeys(2);
        credits = IComputeCredits(create("ComputeCredits.sol:ComputeCredits", abi.encode(terms())));
        court = ICourt(credits.court());
        fund(payer);
        fund(otherPayer);
        fund(stranger);
    }

    /// @dev Deploys a contract from its artifact, which has the bytecode of the production build.
    function create(
        string memory artifact,
        bytes memory arguments
    ) internal virtual returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
            if iszero(deployed) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function terms() internal view virtual returns (ITerms.Terms memory) {
        return
            ITerms.Terms({
                token: address(dollar),
                creditMicrosPerToken: PRICE,
                maxFeeBps: 500,
                disputeWindowSeconds: DISPUTE,
                answerWindowSeconds: ANSWER,
                refundWindowSeconds: REFUND,
                exitGraceSeconds: GRACE,
                counterGraceSeconds: COUNTER_GRACE,
                signerDelaySeconds: SIGNER_DELAY,
                unprovenLimitMicros: unprovenLimit(),
                challengeStakeWei: STAKE,
                owner: owner,
                guardian: guardian,
                feeRecipient: feeRecipient,
                signers: signers(),
                threshold: uint8(signerKeys.length)
            });
    }

    function dollarArtifact() internal pure virtual returns (string memory) {
        return "TestDollar.sol:TestDollar";
    }

    function unprovenLimit() internal view virtual returns (uint64) {
        return NO_LIMIT;
    }

    /// @dev Gives an account a million dollars and 100 ether, and approves the vault.
    function fund(address account) internal virtual {
        dollar.mint(account, 1_000_000e6);
        vm.prank(account);
        dollar.approve(address(credits), type(uint256).max);
        vm.deal(account, 100 ether);
    }

    function buy(address account, uint64 creditMicros) internal {
        vm.prank(account);
        credits.buy(account, creditMicros);
    }

    function signers() internal view returns (address[] memory list) {
        list = new address[](signerKeys.length);
        for (uint256 i = 0; i < list.length; ++i) list[i] = vm.addr(signerKeys[i]);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signed(
        bytes32 digest
    ) internal view returns (ICreditTypes.SignerSignature[] memory list) {
        list = new ICreditTypes.SignerSignature[](signerKeys.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = ICreditTypes.SignerSignature(
                vm.addr(signerKeys[i]),
                sign(signerKeys[i], digest)
            );
        }
    }

    function row(
        address party,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) internal pure returns (ICreditTypes.Row memory) {
        return ICreditTypes.Row(party, spent, refunded, earned);
    }

    function table(
        ICreditTypes.Row memory a
    ) internal pure returns (ICreditTypes.Row[] memory rows) {
        rows = new ICreditTypes.Row[](1);
        rows[0] = a;
    }

    function table(
        ICreditTypes.Row memory a,
        ICreditTypes.Row memory b
    ) internal pure returns (ICreditTypes.Row[] memory rows) {
        rows = new ICreditTypes.Row[](2);
        (rows[0], rows[1]) = (a, b);
    }

    function table(
        ICreditTypes.Row memory a,
        ICreditTypes.Row memory b,
        ICreditTypes.Row memory c
    ) internal pure returns (ICreditTypes.Row[] memory rows) {
        rows = new ICreditTypes.Row[](3);
        (rows[0], rows[1], rows[2]) = (a, b, c);
    }

    /// @dev The honest next checkpoint over a table, with the sums of its rows as totals.
    function checkpointOf(
        ICreditTypes.Row[] memory rows
    ) internal view returns (ICreditTypes.Checkpoint memory checkpoint) {
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        checkpoint.epoch = last.epoch + 1;
        checkpoint.previousRoot = last.root;
        checkpoint.root = Table.root(rows);
        for (uint256 i = 0; i < rows.length; ++i) {
            checkpoint.spent += rows[i].spent;
            checkpoint.refunded += rows[i].refunded;
            checkpoint.earned += rows[i].earned;
        }
        checkpoint.asOf = uint64(block.timestamp);
        checkpoint.dataHash = keccak256(abi.encode(rows));
    }

    function submit(ICreditTypes.Checkpoint memory checkpoint) internal {
        epochOf[checkpoint.root] = checkpoint.epoch;
        credits.submitCheckpoint(checkpoint, signed(credits.hashCheckpoint(checkpoint)));
    }

    function submit(ICreditTypes.Row[] memory rows) internal {
        submit(checkpointOf(rows));
    }

    /// @dev Submits the honest checkpoint over a table and waits until it is final.
    function finalize(ICreditTypes.Row[] memory rows) internal {
        submit(rows);
        skip(DISPUTE);
    }

    function settle(ICreditTypes.Row[] memory rows, uint256 index) internal returns (uint256) {
        return credits.settle(rows[index], epochOf[Table.root(rows)], Table.proof(rows, index));
    }

    function skip(uint256 duration) internal {
        vm.warp(block.timestamp + duration);
    }

    function sameParty(
        address account,
        uint64 purchased,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) internal view {
        (uint64 p, uint64 s, uint64 r, uint64 e) = credits.party(account);
        same(p, purchased, "purchased");
        same(s, spent, "spent");
        same(r, refunded, "refunded");
        same(e, earned, "earned");
    }

    /// @dev The slot of the party's record, which begins with its purchases.
    function recordSlot(address account) internal view returns (bytes32 slot) {
        (uint64 purchased, , , ) = credits.party(account);
        for (uint256 i = 0; i < 32; ++i) {
            slot = keccak256(abi.encode(account, i));
            if (uint256(vm.load(address(credits), slot)) % (1 << 63) == purchased) return slot;
        }
        revert NotTrue("a slot holds the record");
    }

    /// @dev The slot that holds a number of 64 bits, this many bits above the lowest.
    function slotWith(uint64 number, uint256 shift) internal view returns (bytes32 slot) {
        for (uint256 i = 0; i < 32; ++i) {
            slot = bytes32(i);
            if (uint64(uint256(vm.load(address(credits), slot)) >> shift) == number) return slot;
        }
        revert NotTrue("a slot holds the number");
    }

    function _sortedKeys(uint256 count) internal {
        delete signerKeys;
        for (uint256 i = 0; i < count; ++i) {
            signerKeys.push(uint256(keccak256(abi.encode("signer", i))));
            for (uint256 j = i; j > 0 && vm.addr(signerKeys[j]) < vm.addr(signerKeys[j - 1]); --j) {
                (signerKeys[j], signerKeys[j - 1]) = (signerKeys[j - 1], signerKeys[j]);
            }
        }
    }
}
