// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../../../contracts/interfaces/ICheckpoints.sol";
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

    function buy(uint256 who, uint256 forWhom, uint64 amount) external observed {
        uint64 micros = uint64(between(amount, 1, MAX_BUY));
        vm.prank(_party(who));
        try credits.buy(_party(forWhom), micros) returns (uint256 cost) {
            tokensIn += cost;
            _count("buy");
        } catch {}
    }

    /// @dev Off chain: the meter debits an account and credits a provider, up to the account's
    ///      credits.
    function use(uint256 who, uint256 provider, uint64 amount, uint16 feeBps) external observed {
        _use(who, provider, amount, feeBps);
    }

    function _use(uint256 who, uint256 provider, uint64 amount, uint16 feeBps) private {
        (uint256 i, uint256 j) = (who % PARTIES, provider % PARTIES);
        uint64 free = _free(i);
        if (free == 0 || credits.frozenAt() > 0) return;
        uint64 micros = uint64(between(amount, 1, free));
        spent[i] += micros;
        // The meter debits nothing without a signature.
        if (signedFor[i] < spent[i]) signedFor[i] = spent[i] + micros / 2;
        earned[j] += micros - (micros * uint64(between(feeBps, 0, 500))) / 10_000;
        _count("use");
    }

    function requestRefund(uint256 who, uint64 amount) external observed {
        uint256 i = who % PARTIES;
        uint256 available = credits.balanceOf(parties[i]);
        if (available == 0) return;
        vm.prank(parties[i]);
        try credits.requestRefund(uint64(between(amount, 1, available))) {
            refunding[i] = credits.refundRequestOf(parties[i]).requestedMicros;
            _count("requestRefund");
        } catch {}
    }

    function revokeAll(uint256 who) external observed {
        vm.prank(_party(who));
        credits.revokeAll();
        _count("revokeAll");
    }

    function setRecipient(uint256 who, uint256 recipient) external observed {
        vm.prank(_party(who));
        credits.setRecipient(_party(recipient));
        _count("setRecipient");
    }

    function withdrawOwed(uint256 who, uint256 recipient) external observed {
        // The next party that the vault owes something, if there is one.
        who %= PARTIES;
        for (uint256 i = 0; i < PARTIES && credits.owedTo(_party(who)) == 0; ++i) ++who;
        vm.prank(_party(who));
        try credits.withdrawOwed(_party(recipient)) {
            _count("withdrawOwed");
        } catch {}
    }

    function tryToMoveCredits(uint256 who, uint256 toWhom, uint256 amount) external observed {
        vm.startPrank(_party(who));
        try credits.transfer(_party(toWhom), amount) {
            revert NotTrue("credits moved");
        } catch {}
        try credits.approve(_party(toWhom), amount) {
            revert NotTrue("credits approved");
        } catch {}
        vm.stopPrank();
        _count("tryToMoveCredits");
    }

    // ── the meter ──

    /// @dev Submits the honest table, or with a dishonest quorum any numbers that the vault
    ///      accepts.
    function submitCheckpoint(uint256 seed) external observed {
        _submit(seed);
    }

    /// @dev An ordinary day: work, a checkpoint, and the time until it is final.
    function workAndFinalize(uint256 seed) external observed {
        _work(seed);
        _passPending();
        _promote();
    }

    /// @dev A day with two challenges. The last one is answered, or the other one is not.
    function workAndDispute(uint256 seed) external observed {
        _work(seed);
        _challenge(seed >> 8, seed >> 16);
        _challenge((seed >> 8) + 1, seed >> 24);
        if (seed % 2 == 0) _answer(0);
        else _dropUnanswered(1);
        if (seed % 3 == 0) _takeStakes(0);
    }

    /// @dev A provider shows its receipt to the next checkpoint, which may or may not pay it.
    function workAndClaim(uint256 seed) external observed {
        _giveReceipt(seed);
        if (seed % 3 == 0) _registerReceipt(_receiptCount - 1);
        _work(seed);
        if (seed % 3 == 0) _challengeRegisteredEarnings(seed >> 8, seed);
        else _challengeEarnings(seed >> 8, _receiptCount - 1);
        if (seed % 2 == 0) _answer(0);
    }

    function _work(uint256 seed) private {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            _use(random, random >> 32, uint64(random >> 64), 500);
        }
        _passPending();
        _submit(seed);
    }

    function _passPending() private {
        uint256 finalAt = credits.pendingCheckpoint().finalAt;
        // A challenge may hold the checkpoint open, until the largest time.
        if (finalAt >= block.timestamp && finalAt < type(uint40).max) vm.warp(finalAt + 1);
    }

    function _submit(uint256 seed) private {
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
            _count("submitCheckpoint");
        } catch {
            if (!dishonest && credits.frozenAt() == 0 && credits.pendingCheckpoint().epoch == 0) {
                revert NotTrue("an honest checkpoint was refused");
            }
        }
    }

    /// @dev Too few signers cannot submit a checkpoint.
    function submitWithTooFewSignatures(uint64 lie) external observed {
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        rows[0] = ICreditTypes.Row(parties[0], 0, 0, lie);
        ICreditTypes.Checkpoint memory next = _summedUp(rows);
        next.spent = next.earned;
        next.root = Table.root(rows);
        try
            credits.submitCheckpoint(next, _signed(credits.hashCheckpoint(next), _keys.length - 1))
        {
            revert NotTrue("too few signatures were enough");
        } catch (bytes memory reason) {
            if (bytes4(reason) == ICheckpoints.TooFewSignatures.selector) {
                _count("submitWithTooFewSignatures");
            }
        }
    }

    /// @dev The token refuses a party's payout, which the vault owes from then on.
    function settleRefused(uint256 who) external observed {
        dollar.setBlacklisted(credits.recipientOf(_party(who)), true);
        _settle(who);
    }

    function settle(uint256 who) external observed {
        _settle(who);
    }

    function _settle(uint256 who) private {
        _promote();
        if (_final.length == 0) return;
        uint256 i = who % PARTIES;
        if (!_settles(_final, i, credits.finalCheckpoint().epoch)) {
            revert NotTrue("a final row could not be settled");
        }
    }

    /// @dev Settles a row of the final checkpoint before the last one. The vault stores it until
    ///      the next one is submitted.
    function settleEarlier(uint256 who) external observed {
        _promote();
        if (_earlier.length == 0) return;
        bool onRecord = credits.pendingCheckpoint().epoch == 0 && credits.drops() == 0;
        if (_settles(_earlier, who % PARTIES, _finalEpoch - 1)) _count("settleEarlier");
        else if (onRecord) {
            revert NotTrue("a row that was final before could not be settled");
        }
    }

    function settlePending(uint256 who) external observed {
        _promote();
        uint64 epoch = credits.pendingCheckpoint().epoch;
        if (epoch == 0) return;
        if (_settles(_latest, who % PARTIES, epoch)) revert NotTrue("a pending row was settled");
        _count("settlePending");
    }

    function _settles(
        ICreditTypes.Row[] memory rows,
        uint256 i,
        uint64 epoch
    ) private returns (bool) {
        try credits.settle(rows[i], epoch, Table.proof(rows, i)) returns (uint256 paid) {
            tokensOut[parties[i]] += paid;
            _count("settle");
            if (paid > 0) _count("settle, paid");
            return true;
        } catch {
            return false;
        }
    }

    function claimFees() external observed {
        try credits.claimFees() returns (uint256 paid) {
            tokensOut[credits.feeRecipient()] += paid;
            if (paid > 0) _count("claimFees");
        } catch {
            revert NotTrue("fees could not be claimed");
        }
    }

    // ── owner, guardian and signers ──

    function veto() external observed {
        vm.prank(credits.guardian());
        try credits.veto() {
            _count("veto");
        } catch {}
    }

    function pauseOrNot(uint256 seed) external observed {
        vm.prank(owner);
        if (seed % 4 == 0) {
            try credits.pause() {
                _count("pause");
            } catch {}
        } else {
            try credits.unpause() {
                _count("unpause");
            } catch {}
        }
    }

    function setFeeRecipient(uint256 who) external observed {
        vm.prank(owner);
        credits.setFeeRecipient(_party(who));
    }

    function blacklist(uint256 who, bool blacklisted) external observed {
        dollar.setBlacklisted(_party(who), blacklisted);
    }

    function announceSigners(uint256 count) external observed {
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
        _nextSignersAt = block.timestamp + credits.signerDelaySeconds();
    }

    function changeSigners(uint256 seed) external observed {
        if (_nextKeys.length == 0) return;
        _maybeUntil(_nextSignersAt, seed);
        try credits.changeSigners(_addressesOf(_nextKeys), uint8(_nextKeys.length)) {
            _formerKeys = _keys;
            _keys = _nextKeys;
            delete _nextKeys;
            _count("changeSigners");
            _submitByFormerSigners();
        } catch {}
    }

    /// @dev Former signers cannot submit a checkpoint.
    function submitByFormerSigners() external observed {
        _submitByFormerSigners();
    }

    function _submitByFormerSigners() private {
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
            if (bytes4(reason) == ICheckpoints.UnknownSigner.selector) {
                _count("submitByFormerSigners");
            }
        }
    }

    /// @dev Announces a payer as the guardian. It can veto the checkpoints that show its spending.
    function makeGuardian(uint256 who) external observed {
        vm.prank(owner);
        credits.announceGuardian(_party(who));
        (_nextGuardian, _nextGuardianAt) = (
            _party(who),
            block.timestamp + credits.signerDelaySeconds()
        );
    }

    function changeGuardian(uint256 seed) external observed {
        _maybeUntil(_nextGuardianAt, seed);
        try credits.changeGuardian(_nextGuardian) {
            _count("changeGuardian");
        } catch {}
    }

    // ── exits and time ──

    function freeze(uint256 who) external observed {
        // The next party with an open request, if there is one.
        who %= PARTIES;
        for (uint256 i = 0; i < PARTIES; ++i) {
            if (credits.refundRequestOf(_party(who)).requestedMicros > 0) break;
            ++who;
        }
        _maybeUntil(credits.refundRequestOf(_party(who)).deadline, who);
        try credits.freeze(_party(who)) {
            _count("freeze");
        } catch {}
    }

    function exit(uint256 who, bool withProof) external observed {
        _exit(who, withProof);
    }

    /// @dev Once the vault is frozen everybody leaves, in one way or the other.
    function exitAll(uint256 seed) external observed {
        if (credits.frozenAt() == 0) return;
        for (uint256 i = 0; i < PARTIES; ++i) _exit((seed % PARTIES) + i, (seed >> i) % 2 == 0);
    }

    function _exit(uint256 who, bool withProof) private {
        _promote();
        uint256 i = who % PARTIES;
        if (!withProof || _final.length == 0) {
            uint256 frozenAt = credits.frozenAt();
            if (frozenAt > 0) _maybeUntil(frozenAt + credits.exitGraceSeconds(), who);
            try credits.exitWithoutProof(parties[i]) returns (uint256 paid) {
                tokensOut[parties[i]] += paid;
                if (paid > 0) _count("exitWithoutProof");
            } catch {}
            return;
        }
        try credits.exit(_final[i], Table.proof(_final, i)) returns (uint256 paid) {
            tokensOut[parties[i]] += paid;
            if (paid > 0) _count("exit");
        } catch {}
    }

    function passTime(uint256 duration) external observed {
        vm.warp(block.timestamp + between(duration, 1, 12 hours));
    }

    function passDays(uint256 duration) external observed {
        if (duration % 4 == 0) vm.warp(block.timestamp + between(duration, 1 days, 8 days));
    }
}
