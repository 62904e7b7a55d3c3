// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourt} from "../../../contracts/interfaces/ICourt.sol";
import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {Table} from "./Table.sol";
import {Test} from "./Test.sol";

/// @dev Everything that anybody can do to a vault, in any order: users, an honest meter that keeps true books, the owner,
///      the guardian, signers below the threshold, blacklists, griefers, and time. With `dishonest` the whole quorum
///      signs tables that are not true. Every call succeeds or is caught: a revert is not a finding, a broken
///      invariant is.
contract Actors is Test {
    uint64 internal constant MAX_BUY = 1e12;
    uint256 internal constant PARTIES = 6;

    IComputeCredits public immutable CREDITS;
    ICourt public immutable COURT;
    TestDollar public immutable DOLLAR;
    bool public immutable DISHONEST;
    address public immutable OWNER;
    address public immutable GUARDIAN;

    uint256[] internal _keys;
    address[] public parties;

    /// @dev The meter's books: what is true. Indexes are those of `parties`.
    uint64[PARTIES] public spent;
    uint64[PARTIES] public refunded;
    uint64[PARTIES] public earned;
    uint64[PARTIES] public refunding;

    /// @dev The tables of the pending (or latest) and of the final checkpoint.
    ICreditTypes.Row[] internal _latest;
    ICreditTypes.Row[] internal _final;
    uint64 internal _latestEpoch;

    /// @dev What left the vault to each party, and what came in.
    uint256 public tokensIn;
    mapping(address party => uint256 tokens) public tokensOut;
    mapping(string name => uint256 count) public calls;

    constructor(
        IComputeCredits credits,
        TestDollar dollar,
        uint256[] memory keys,
        bool dishonest,
        address owner,
        address guardian
    ) {
        CREDITS = credits;
        COURT = ICourt(credits.court());
        DOLLAR = dollar;
        DISHONEST = dishonest;
        OWNER = owner;
        GUARDIAN = guardian;
        _keys = keys;
        for (uint256 i = 0; i < PARTIES; ++i) {
            address party = vm.addr(0xACE0 + i);
            parties.push(party);
            dollar.mint(party, type(uint128).max);
            vm.prank(party);
            dollar.approve(address(credits), type(uint256).max);
            vm.prank(party);
            dollar.approve(address(COURT), type(uint256).max);
            vm.deal(party, 1_000_000 ether);
        }
    }

    // ── users ──

    function buy(uint256 who, uint256 forWhom, uint64 amount) external {
        uint64 micros = uint64(between(amount, 1, MAX_BUY));
        vm.prank(_party(who));
        try CREDITS.buy(_party(forWhom), micros) returns (uint256 cost) {
            tokensIn += cost;
            ++calls["buy"];
        } catch {}
    }

    /// @dev Off chain: the meter debits an account and credits a provider, as far as the account has credit.
    function use(uint256 who, uint256 provider, uint64 amount, uint16 feeBps) external {
        (uint256 i, uint256 j) = (who % PARTIES, provider % PARTIES);
        uint64 free = _free(i);
        if (free == 0 || CREDITS.frozenAt() > 0) return;
        uint64 micros = uint64(between(amount, 1, free));
        spent[i] += micros;
        earned[j] += micros - (micros * uint64(between(feeBps, 0, 500))) / 10_000;
        ++calls["use"];
    }

    function requestRefund(uint256 who, uint64 amount) external {
        uint256 i = who % PARTIES;
        (uint64 purchased, , , ) = CREDITS.party(parties[i]);
        if (purchased == 0) return;
        vm.prank(parties[i]);
        try CREDITS.requestRefund(uint64(between(amount, 1, purchased))) {
            refunding[i] = CREDITS.refundRequestOf(parties[i]).requestedMicros;
            ++calls["requestRefund"];
        } catch {}
    }

    function revokeAll(uint256 who) external {
        vm.prank(_party(who));
        CREDITS.revokeAll();
    }

    function setRecipient(uint256 who, uint256 recipient) external {
        vm.prank(_party(who));
        CREDITS.setRecipient(_party(recipient));
    }

    function withdrawOwed(uint256 who, uint256 recipient) external {
        vm.prank(_party(who));
        try CREDITS.withdrawOwed(_party(recipient)) {
            ++calls["withdrawOwed"];
        } catch {}
    }

    function tryToMoveCredits(uint256 who, uint256 toWhom, uint256 amount) external {
        vm.startPrank(_party(who));
        try CREDITS.transfer(_party(toWhom), amount) {
            revert NotTrue("credits moved");
        } catch {}
        try CREDITS.approve(_party(toWhom), amount) {
            revert NotTrue("credits approved");
        } catch {}
        vm.stopPrank();
    }

    // ── the meter ──

    /// @dev The honest table, or with a dishonest quorum any numbers at all that the vault accepts.
    function submitCheckpoint(uint256 seed) external {
        _promote();
        for (uint256 i = 0; i < PARTIES; ++i) _serveRefund(i);
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](PARTIES);
        for (uint256 i = 0; i < PARTIES; ++i) {
            rows[i] = ICreditTypes.Row(parties[i], spent[i], refunded[i], earned[i]);
        }
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        if (DISHONEST) _lie(next, rows, seed);
        next.root = Table.root(rows);
        try CREDITS.submitCheckpoint(next, _signed(next, _keys.length)) {
            delete _latest;
            for (uint256 i = 0; i < PARTIES; ++i) _latest.push(rows[i]);
            _latestEpoch = next.epoch;
            ++calls["submitCheckpoint"];
        } catch {
            if (!DISHONEST && CREDITS.frozenAt() == 0 && CREDITS.pendingCheckpoint().epoch == 0) {
                revert NotTrue("an honest checkpoint was refused");
            }
        }
    }

    /// @dev Signers below the threshold achieve nothing.
    function submitWithTooFewSignatures(uint64 lie) external {
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        rows[0] = ICreditTypes.Row(parties[0], 0, 0, lie);
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        next.spent = next.earned;
        next.root = Table.root(rows);
        try CREDITS.submitCheckpoint(next, _signed(next, _keys.length - 1)) {
            revert NotTrue("too few signatures were enough");
        } catch {}
    }

    function settle(uint256 who, bool older) external {
        _promote();
        ICreditTypes.Row[] memory rows = older ? _final : _latest;
        if (rows.length == 0) return;
        uint256 i = who % PARTIES;
        try CREDITS.settle(rows[i], Table.proof(rows, i)) returns (uint256 paid) {
            tokensOut[parties[i]] += paid;
            ++calls["settle"];
        } catch {
            if (older && CREDITS.finalCheckpoint().root == Table.root(rows)) {
                revert NotTrue("a final row could not be settled");
            }
        }
    }

    function claimFees() external {
        try CREDITS.claimFees() returns (uint256 paid) {
            tokensOut[CREDITS.feeRecipient()] += paid;
            if (paid > 0) ++calls["claimFees"];
        } catch {
            revert NotTrue("fees could not be claimed");
        }
    }

    // ── disputes ──

    function challenge(uint256 who, uint256 about) external {
        _promote();
        if (CREDITS.pendingCheckpoint().epoch == 0) return;
        ICreditTypes.Row[] memory rows = _latest;
        uint256 i = about % PARTIES;
        bytes32[] memory proof = Table.proof(rows, i);
        vm.prank(_party(who));
        try COURT.challengeRow{value: COURT_STAKE}(rows[i], proof) {
            ++calls["challenge"];
        } catch {}
    }

    function answer(uint256 challenger, uint256 about) external {
        _promote();
        ICreditTypes.Row[] memory rows = _latest;
        if (rows.length == 0) return;
        uint256 i = about % PARTIES;
        IDisputes.Allowance memory allowance;
        allowance.account = parties[i];
        allowance.accountCap = type(uint64).max;
        allowance.counter = CREDITS.counterOf(parties[i]);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xACE0 + i, COURT.hashAllowance(allowance));
        COURT.recordCap(allowance, abi.encodePacked(r, s, v));
        try COURT.answer(_party(challenger), rows[i], Table.proof(rows, i), allowance.counter) {
            ++calls["answer"];
        } catch {}
    }

    function dropUnanswered(uint256 challenger, uint256 about) external {
        try COURT.dropUnanswered(_party(about), _party(challenger)) {
            ++calls["dropUnanswered"];
        } catch {}
    }

    function reclaimAndWithdrawStakes(uint256 who, uint256 about) external {
        address party = _party(who);
        vm.startPrank(party);
        try COURT.reclaimStake(_party(about)) {} catch {}
        try COURT.withdrawStake(payable(party)) {} catch {}
        vm.stopPrank();
    }

    function proveFraud(uint256 about) external {
        _promote();
        if (CREDITS.pendingCheckpoint().epoch == 0) return;
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        bytes32[][] memory proofs = new bytes32[][](1);
        (rows[0], proofs[0]) = (_latest[about % PARTIES], Table.proof(_latest, about % PARTIES));
        try COURT.proveFraud(rows, proofs) {
            if (!DISHONEST) revert NotTrue("an honest checkpoint was dropped for fraud");
            ++calls["proveFraud"];
        } catch (bytes memory reason) {
            if (bytes4(reason) == NotTrue.selector) revert NotTrue("fraud");
        }
    }

    function depositBond(uint256 who, uint256 amount) external {
        vm.prank(_party(who));
        try COURT.depositBond(between(amount, 0, 1e9)) {} catch {}
    }

    // ── those in power ──

    function veto() external {
        vm.prank(GUARDIAN);
        try CREDITS.veto() {
            ++calls["veto"];
        } catch {}
    }

    function pauseOrNot(bool paused) external {
        vm.prank(OWNER);
        if (paused) try CREDITS.pause() {} catch {}
        else try CREDITS.unpause() {} catch {}
    }

    function setFeeRecipient(uint256 who) external {
        vm.prank(OWNER);
        CREDITS.setFeeRecipient(_party(who));
    }

    function blacklist(uint256 who, bool blacklisted) external {
        DOLLAR.setBlacklisted(_party(who), blacklisted);
    }

    // ── the way out, and time ──

    function freeze(uint256 who) external {
        try CREDITS.freeze(_party(who)) {
            ++calls["freeze"];
        } catch {}
    }

    function exit(uint256 who, bool withProof) external {
        _promote();
        uint256 i = who % PARTIES;
        if (!withProof || _final.length == 0) {
            try CREDITS.exitWithoutProof(parties[i]) returns (uint256 paid) {
                tokensOut[parties[i]] += paid;
                ++calls["exitWithoutProof"];
            } catch {}
            return;
        }
        try CREDITS.exit(_final[i], Table.proof(_final, i)) returns (uint256 paid) {
            tokensOut[parties[i]] += paid;
            ++calls["exit"];
        } catch {}
    }

    function passTime(uint256 duration) external {
        vm.warp(block.timestamp + between(duration, 1, 12 hours));
    }

    function passDays(uint256 duration) external {
        if (duration % 4 == 0) vm.warp(block.timestamp + between(duration, 1 days, 8 days));
    }

    // ── what the invariants look at ──

    function partyCount() external pure returns (uint256) {
        return PARTIES;
    }

    uint128 private constant COURT_STAKE = 0.01 ether;

    function _party(uint256 who) private view returns (address) {
        return parties[who % PARTIES];
    }

    /// @dev What an account may still use: the rest was spent, refunded, or is promised to a refund request.
    function _free(uint256 i) private view returns (uint64) {
        (uint64 purchased, , , ) = CREDITS.party(parties[i]);
        uint64 taken = spent[i] + refunded[i] + refunding[i];
        return purchased > taken ? purchased - taken : 0;
    }

    /// @dev As the ledger does: what is due goes into the row, as far as it is unspent.
    function _serveRefund(uint256 i) private {
        if (refunding[i] == 0) return;
        (uint64 purchased, , , ) = CREDITS.party(parties[i]);
        uint64 unspent = purchased - spent[i] - refunded[i];
        refunded[i] += refunding[i] < unspent ? refunding[i] : unspent;
        refunding[i] = 0;
    }

    /// @dev The latest table becomes the final one when its checkpoint does; a dropped one is forgotten.
    function _promote() private {
        if (_latest.length == 0) return;
        bytes32 root = Table.root(_latest);
        if (CREDITS.finalCheckpoint().root == root) _final = _latest;
        else if (CREDITS.pendingCheckpoint().root != root) _latest = _final;
    }

    function _summedUp(
        ICreditTypes.Row[] memory rows
    ) private view returns (ICreditTypes.Checkpoint memory next) {
        ICreditTypes.CheckpointRecord memory last = CREDITS.finalCheckpoint();
        next.epoch = last.epoch + 1;
        next.previousRoot = last.root;
        for (uint256 i = 0; i < rows.length; ++i) {
            next.spent += rows[i].spent;
            next.refunded += rows[i].refunded;
            next.earned += rows[i].earned;
        }
        next.asOf = uint64(block.timestamp);
    }

    /// @dev Rows with any numbers, and totals anywhere between the last ones and all that was purchased.
    function _lie(
        ICreditTypes.Checkpoint memory next,
        ICreditTypes.Row[] memory rows,
        uint256 seed
    ) private view {
        ICreditTypes.CheckpointRecord memory last = CREDITS.finalCheckpoint();
        uint64 purchased = 0;
        for (uint256 i = 0; i < PARTIES; ++i) {
            (uint64 p, , , ) = CREDITS.party(parties[i]);
            purchased += p;
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            rows[i].spent = uint64(between(random, 0, 2 * uint256(p)));
            rows[i].refunded = uint64(between(random >> 64, 0, 2 * uint256(p)));
            rows[i].earned = uint64(between(random >> 128, 0, 4 * MAX_BUY));
        }
        uint64 left = purchased - last.spent - last.refunded;
        next.spent = last.spent + uint64(between(seed, 0, left));
        next.refunded = last.refunded + uint64(between(seed >> 64, 0, left - (next.spent - last.spent)));
        next.earned = next.spent - (last.spent - last.earned);
    }

    function _signed(
        ICreditTypes.Checkpoint memory checkpoint,
        uint256 count
    ) private view returns (ICreditTypes.SignerSignature[] memory list) {
        bytes32 digest = CREDITS.hashCheckpoint(checkpoint);
        list = new ICreditTypes.SignerSignature[](count);
        for (uint256 i = 0; i < count; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], digest);
            list[i] = ICreditTypes.SignerSignature(vm.addr(_keys[i]), abi.encodePacked(r, s, v));
        }
    }
}
