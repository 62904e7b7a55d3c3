// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeCredits} from "../../../contracts/interfaces/IComputeCredits.sol";
import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {Accusers} from "./Accusers.sol";
import {Model} from "./Model.sol";
import {Table} from "./Table.sol";

/// @dev All actions on a vault, in any order: of users, an honest meter, the owner, the guardian,
///      too few signers, former signers, accusers and the token's blacklist, and time. With
///      `dishonest` the whole quorum signs false tables. Every call succeeds or is caught, so that
///      only a broken invariant fails a test.
contract Actors is Accusers {
    constructor(
        IComputeCredits credits_,
        TestDollar dollar_,
        uint256[] memory keys,
        bool dishonest_,
        address owner_
    ) Model(credits_, dollar_, keys, dishonest_, owner_) {}

    // ── users ──

    function buy(uint256 who, uint256 forWhom, uint64 amount) external {
        uint64 micros = uint64(between(amount, 1, MAX_BUY));
        vm.prank(_party(who));
        try credits.buy(_party(forWhom), micros) returns (uint256 cost) {
            tokensIn += cost;
            ++calls["buy"];
        } catch {}
    }

    /// @dev Off chain: the meter debits an account and credits a provider, up to the account's
    ///      credits.
    function use(uint256 who, uint256 provider, uint64 amount, uint16 feeBps) external {
        (uint256 i, uint256 j) = (who % PARTIES, provider % PARTIES);
        uint64 free = _free(i);
        if (free == 0 || credits.frozenAt() > 0) return;
        uint64 micros = uint64(between(amount, 1, free));
        spent[i] += micros;
        // The meter debits nothing without a signature.
        if (signedFor[i] < spent[i]) signedFor[i] = spent[i] + micros / 2;
        earned[j] += micros - (micros * uint64(between(feeBps, 0, 500))) / 10_000;
        ++calls["use"];
    }

    function requestRefund(uint256 who, uint64 amount) external {
        uint256 i = who % PARTIES;
        (uint64 purchased, , , ) = credits.party(parties[i]);
        if (purchased == 0) return;
        vm.prank(parties[i]);
        try credits.requestRefund(uint64(between(amount, 1, purchased))) {
            refunding[i] = credits.refundRequestOf(parties[i]).requestedMicros;
            ++calls["requestRefund"];
        } catch {}
    }

    function revokeAll(uint256 who) external {
        vm.prank(_party(who));
        credits.revokeAll();
    }

    function setRecipient(uint256 who, uint256 recipient) external {
        vm.prank(_party(who));
        credits.setRecipient(_party(recipient));
    }

    function withdrawOwed(uint256 who, uint256 recipient) external {
        vm.prank(_party(who));
        try credits.withdrawOwed(_party(recipient)) {
            ++calls["withdrawOwed"];
        } catch {}
    }

    function tryToMoveCredits(uint256 who, uint256 toWhom, uint256 amount) external {
        vm.startPrank(_party(who));
        try credits.transfer(_party(toWhom), amount) {
            revert NotTrue("credits moved");
        } catch {}
        try credits.approve(_party(toWhom), amount) {
            revert NotTrue("credits approved");
        } catch {}
        vm.stopPrank();
    }

    // ── the meter ──

    /// @dev Submits the honest table, or with a dishonest quorum any numbers that the vault
    ///      accepts.
    function submitCheckpoint(uint256 seed) external {
        // A drop and a change of signers void what is dated in their second. So the table is of a
        // later one.
        vm.warp(block.timestamp + 1);
        _promote();
        for (uint256 i = 0; i < PARTIES; ++i) _serveRefund(i);
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](PARTIES);
        for (uint256 i = 0; i < PARTIES; ++i) {
            rows[i] = ICreditTypes.Row(parties[i], spent[i], refunded[i], earned[i]);
        }
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        if (dishonest) _lie(next, rows, seed);
        next.root = Table.root(rows);
        ICreditTypes.SignerSignature[] memory signatures = _signed(
            credits.hashCheckpoint(next),
            _keys.length
        );
        // An honest quorum submits all that it signs.
        if (dishonest) _keep(next, signatures);
        try credits.submitCheckpoint(next, signatures) {
            if (!dishonest) _keep(next, signatures);
            delete _latest;
            for (uint256 i = 0; i < PARTIES; ++i) _latest.push(rows[i]);
            ++calls["submitCheckpoint"];
        } catch {
            if (!dishonest && credits.frozenAt() == 0 && credits.pendingCheckpoint().epoch == 0) {
                revert NotTrue("an honest checkpoint was refused");
            }
        }
    }

    /// @dev Too few signers cannot submit a checkpoint.
    function submitWithTooFewSignatures(uint64 lie) external {
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        rows[0] = ICreditTypes.Row(parties[0], 0, 0, lie);
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        next.spent = next.earned;
        next.root = Table.root(rows);
        try
            credits.submitCheckpoint(next, _signed(credits.hashCheckpoint(next), _keys.length - 1))
        {
            revert NotTrue("too few signatures were enough");
        } catch {}
    }

    function settle(uint256 who) external {
        _promote();
        if (_final.length == 0) return;
        uint256 i = who % PARTIES;
        if (!_settles(_final, i, credits.finalCheckpoint().epoch)) {
            revert NotTrue("a final row could not be settled");
        }
    }

    /// @dev Settles a row of the final checkpoint before the last one. The vault stores it until
    ///      the next one is submitted.
    function settleEarlier(uint256 who) external {
        _promote();
        if (_earlier.length == 0) return;
        bool onRecord = credits.pendingCheckpoint().epoch == 0 && credits.drops() == 0;
        if (!_settles(_earlier, who % PARTIES, _finalEpoch - 1) && onRecord) {
            revert NotTrue("a row that was final before could not be settled");
        }
    }

    function settlePending(uint256 who) external {
        _promote();
        uint64 epoch = credits.pendingCheckpoint().epoch;
        if (epoch > 0 && _settles(_latest, who % PARTIES, epoch)) {
            revert NotTrue("a pending row was settled");
        }
    }

    function _settles(
        ICreditTypes.Row[] memory rows,
        uint256 i,
        uint64 epoch
    ) private returns (bool) {
        try credits.settle(rows[i], epoch, Table.proof(rows, i)) returns (uint256 paid) {
            tokensOut[parties[i]] += paid;
            ++calls["settle"];
            return true;
        } catch {
            return false;
        }
    }

    function claimFees() external {
        try credits.claimFees() returns (uint256 paid) {
            tokensOut[credits.feeRecipient()] += paid;
            if (paid > 0) ++calls["claimFees"];
        } catch {
            revert NotTrue("fees could not be claimed");
        }
    }

    // ── owner, guardian and signers ──

    function veto() external {
        vm.prank(credits.guardian());
        try credits.veto() {
            ++calls["veto"];
        } catch {}
    }

    function pauseOrNot(bool paused) external {
        vm.prank(owner);
        if (paused) try credits.pause() {} catch {}
        else try credits.unpause() {} catch {}
    }

    function setFeeRecipient(uint256 who) external {
        vm.prank(owner);
        credits.setFeeRecipient(_party(who));
    }

    function blacklist(uint256 who, bool blacklisted) external {
        dollar.setBlacklisted(_party(who), blacklisted);
    }

    function announceSigners(uint256 count) external {
        delete _nextKeys;
        ++_generation;
        for (uint256 i = 0; i < between(count, 1, 3); ++i) {
            _nextKeys.push(uint256(keccak256(abi.encode("next", _generation, i))));
            for (uint256 j = i; j > 0 && vm.addr(_nextKeys[j]) < vm.addr(_nextKeys[j - 1]); --j) {
                (_nextKeys[j], _nextKeys[j - 1]) = (_nextKeys[j - 1], _nextKeys[j]);
            }
        }
        vm.prank(owner);
        credits.announceSigners(_addressesOf(_nextKeys), uint8(_nextKeys.length));
    }

    function changeSigners() external {
        if (_nextKeys.length == 0) return;
        try credits.changeSigners(_addressesOf(_nextKeys), uint8(_nextKeys.length)) {
            _formerKeys = _keys;
            _keys = _nextKeys;
            delete _nextKeys;
            ++calls["changeSigners"];
        } catch {}
    }

    /// @dev Former signers cannot submit a checkpoint.
    function submitByFormerSigners() external {
        if (_formerKeys.length == 0) return;
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        ICreditTypes.CheckpointRecord memory last = credits.finalCheckpoint();
        (next.spent, next.refunded, next.earned) = (last.spent, last.refunded, last.earned);
        next.root = Table.root(rows);
        uint256[] memory present = _keys;
        _keys = _formerKeys;
        ICreditTypes.SignerSignature[] memory signatures = _signed(
            credits.hashCheckpoint(next),
            _keys.length
        );
        _keys = present;
        try credits.submitCheckpoint(next, signatures) {
            revert NotTrue("former signers were enough");
        } catch (bytes memory reason) {
            _isFalse("former signers were enough", reason);
        }
    }

    /// @dev Announces a payer as the guardian. It can veto the checkpoints that show its spending.
    function makeGuardian(uint256 who) external {
        vm.prank(owner);
        credits.announceGuardian(_party(who));
    }

    function changeGuardian(uint256 who) external {
        try credits.changeGuardian(_party(who)) {
            ++calls["changeGuardian"];
        } catch {}
    }

    // ── exits and time ──

    function freeze(uint256 who) external {
        try credits.freeze(_party(who)) {
            ++calls["freeze"];
        } catch {}
    }

    function exit(uint256 who, bool withProof) external {
        _promote();
        uint256 i = who % PARTIES;
        if (!withProof || _final.length == 0) {
            try credits.exitWithoutProof(parties[i]) returns (uint256 paid) {
                tokensOut[parties[i]] += paid;
                ++calls["exitWithoutProof"];
            } catch {}
            return;
        }
        try credits.exit(_final[i], Table.proof(_final, i)) returns (uint256 paid) {
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
}
