// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {Model} from "./Model.sol";
import {Table} from "./Table.sol";

/// @dev All accusations against the signers, true and false. With an honest quorum they only cause
///      delay.
abstract contract Accusers is Model {
    // ── disputes ──

    function challenge(uint256 who, uint256 about) external observed {
        _challenge(who, about);
    }

    function _challenge(uint256 who, uint256 about) internal {
        _promote();
        if (credits.pendingCheckpoint().epoch == 0) return;
        ICreditTypes.Row[] memory rows = _latest;
        uint256 i = about % PARTIES;
        bytes32[] memory proof = Table.proof(rows, i);
        vm.prank(_party(who));
        try court.challengeRow{value: COURT_STAKE}(rows[i], proof) {
            _keepChallenge(who, about);
            _count("challenge");
        } catch {}
    }

    function challengeOmission(uint256 who, uint256 about) external observed {
        _promote();
        if (credits.pendingCheckpoint().epoch == 0 || _final.length == 0) return;
        ICreditTypes.Row[] memory rows = _final;
        uint256 i = about % PARTIES;
        bytes32[] memory proof = Table.proof(rows, i);
        vm.prank(_party(who));
        try court.challengeOmission{value: COURT_STAKE}(rows[i], proof) {
            _keepChallenge(who, about);
            _count("challengeOmission");
        } catch {}
    }

    /// @dev A receipt for the provider's earnings so far, which the next table pays.
    function giveReceipt(uint256 about) external observed {
        _giveReceipt(about);
    }

    function _giveReceipt(uint256 about) internal {
        uint256 i = about % PARTIES;
        uint64 pending = credits.pendingCheckpoint().epoch;
        uint64 epoch = (pending > 0 ? pending : credits.finalCheckpoint().epoch) + 1;
        IDisputes.EarningsReceipt memory receipt = IDisputes.EarningsReceipt(
            parties[i],
            earned[i],
            epoch
        );
        _receipts[_receiptCount++ % KEPT] = abi.encode(
            receipt,
            _signed(court.hashEarningsReceipt(receipt), _keys.length)
        );
        _count("giveReceipt");
    }

    function challengeEarnings(uint256 who, uint256 which) external observed {
        _challengeEarnings(who, which);
    }

    function _challengeEarnings(uint256 who, uint256 which) internal {
        bytes memory kept = _receipts[which % KEPT];
        if (kept.length == 0) return;
        (
            IDisputes.EarningsReceipt memory receipt,
            ICreditTypes.SignerSignature[] memory signatures
        ) = abi.decode(kept, (IDisputes.EarningsReceipt, ICreditTypes.SignerSignature[]));
        vm.prank(_party(who));
        try court.challengeEarnings{value: COURT_STAKE}(receipt, signatures) {
            for (uint256 i = 0; i < PARTIES; ++i) {
                if (parties[i] == receipt.provider) _keepChallenge(who, i);
            }
            _count("challengeEarnings");
        } catch {}
    }

    /// @dev Anyone registers a receipt, also one of former signers.
    function registerReceipt(uint256 which) external observed {
        _registerReceipt(which);
    }

    function _registerReceipt(uint256 which) internal {
        bytes memory kept = _receipts[which % KEPT];
        if (kept.length == 0) return;
        (
            IDisputes.EarningsReceipt memory receipt,
            ICreditTypes.SignerSignature[] memory signatures
        ) = abi.decode(kept, (IDisputes.EarningsReceipt, ICreditTypes.SignerSignature[]));
        try court.registerReceipt(receipt, signatures) {
            _count("registerReceipt");
        } catch {}
    }

    function challengeRegisteredEarnings(uint256 who, uint256 about) external observed {
        _challengeRegisteredEarnings(who, about);
    }

    function _challengeRegisteredEarnings(uint256 who, uint256 about) internal {
        vm.prank(_party(who));
        try court.challengeRegisteredEarnings{value: COURT_STAKE}(_party(about)) {
            _keepChallenge(who, about);
            _count("challengeRegisteredEarnings");
        } catch {}
    }

    /// @dev An honest operator can answer every challenge in time.
    function answer(uint256 seed) external observed {
        _answer(seed);
    }

    function _answer(uint256 seed) internal {
        _promote();
        ICreditTypes.Row[] memory rows = _latest;
        if (rows.length == 0) return;
        Made memory made = _challengeAt(seed);
        (uint256 challenger, uint256 i) = (made.who, made.about);
        uint64 counter = _recordCap(i);
        try court.answer(_party(challenger), rows[i], Table.proof(rows, i), counter) {
            _count("answer");
        } catch {
            IDisputes.Challenge memory asked = court.challengeOf(parties[i], _party(challenger));
            bool open = asked.deadline >= block.timestamp && asked.drops == credits.drops();
            if (!dishonest && open && credits.pendingCheckpoint().epoch > 0) {
                revert NotTrue("an honest operator could not answer");
            }
        }
    }

    /// @dev Records an account's cap and settles its row by it.
    function coverSpending(uint256 about) external observed {
        _promote();
        if (_final.length == 0) return;
        ICreditTypes.Row[] memory rows = _final;
        uint256 i = about % PARTIES;
        uint64 counter = _recordCap(i);
        (, , uint64 refundedBefore, uint64 earnedBefore) = credits.party(parties[i]);
        try court.coverSpending(rows[i], Table.proof(rows, i), counter) {
            (, , uint64 refundedNow, uint64 earnedNow) = credits.party(parties[i]);
            tokensOut[parties[i]] +=
                _tokens(refundedNow, earnedNow) - _tokens(refundedBefore, earnedBefore);
            _count("coverSpending");
        } catch {}
    }

    function dropUnanswered(uint256 seed) external observed {
        _dropUnanswered(seed);
    }

    function _dropUnanswered(uint256 seed) internal {
        Made memory made = _challengeAt(seed);
        (address about, address challenger) = (parties[made.about], parties[made.who]);
        _maybeUntil(court.challengeOf(about, challenger).deadline, seed);
        try court.dropUnanswered(about, challenger) {
            _count("dropUnanswered");
        } catch {}
    }

    function reclaimAndWithdrawStakes(uint256 seed) external observed {
        _takeStakes(seed);
    }

    function _takeStakes(uint256 seed) internal {
        Made memory made = _challengeAt(seed);
        address party = parties[made.who];
        vm.startPrank(party);
        try court.reclaimStake(parties[made.about]) {
            _count("reclaimStake");
        } catch {}
        try court.withdrawStake(payable(party)) {
            _count("withdrawStake");
        } catch {}
        vm.stopPrank();
    }

    function proveFraud(uint256 about) external observed {
        _promote();
        if (credits.pendingCheckpoint().epoch == 0) return;
        ICreditTypes.Row[] memory rows = new ICreditTypes.Row[](1);
        bytes32[][] memory proofs = new bytes32[][](1);
        (rows[0], proofs[0]) = (_latest[about % PARTIES], Table.proof(_latest, about % PARTIES));
        try court.proveFraud(rows, proofs) {
            if (!dishonest) revert NotTrue("an honest checkpoint was dropped for fraud");
            _count("proveFraud");
        } catch {}
    }

    function depositBond(uint256 who, uint256 amount) external observed {
        vm.prank(_party(who));
        try court.depositBond(between(amount, 1, 1e9)) {
            _count("depositBond");
        } catch {}
    }

    function announceBondWithdrawal(uint256 who) external observed {
        vm.prank(owner);
        court.announceBondWithdrawal(_party(who));
        (_bondRecipient, _bondWithdrawalAt) = (
            _party(who),
            block.timestamp + credits.signerDelaySeconds()
        );
    }

    function withdrawBond(uint256 seed) external observed {
        _maybeUntil(_bondWithdrawalAt, seed);
        try court.withdrawBond(_bondRecipient) {
            _count("withdrawBond");
        } catch {}
    }

    /// @dev An honest quorum never equivocates, in whatever order its checkpoints are dropped and
    ///      signed again.
    function proveEquivocation(uint256 one, uint256 another) external observed {
        // Mostly two in a row, because these are of one epoch if the first was dropped or refused.
        if (another % 4 > 0) another = (one % KEPT) + 1;
        (bytes memory a, bytes memory b) = (
            _signedCheckpoints[one % KEPT],
            _signedCheckpoints[another % KEPT]
        );
        if (a.length == 0 || b.length == 0) return;
        (ICreditTypes.Checkpoint memory first, ICreditTypes.SignerSignature[] memory forFirst) = abi
            .decode(a, (ICreditTypes.Checkpoint, ICreditTypes.SignerSignature[]));
        (
            ICreditTypes.Checkpoint memory second,
            ICreditTypes.SignerSignature[] memory forSecond
        ) = abi.decode(b, (ICreditTypes.Checkpoint, ICreditTypes.SignerSignature[]));
        uint256 before = dollar.balanceOf(address(credits));
        try court.proveEquivocation(first, forFirst, second, forSecond) {
            if (!dishonest) revert NotTrue("an honest quorum was slashed");
            _countCover(before);
            _count("proveEquivocation");
        } catch {}
    }

    /// @dev Pays what the token had refused.
    function payReward(uint256 who) external observed {
        address party = who % (PARTIES + 1) == PARTIES ? address(this) : _party(who);
        try court.payReward(party) {
            _count("payReward");
        } catch {}
    }

    function coverExits() external observed {
        uint256 before = dollar.balanceOf(address(credits));
        try court.coverExits() {
            _countCover(before);
            _count("coverExits");
        } catch {}
    }

    /// @dev The token refuses all transfers to or from the vault or the court.
    function blacklistContract(bool theVault, bool blacklisted) external observed {
        dollar.setBlacklisted(theVault ? address(credits) : address(court), blacklisted);
        _count("blacklistContract");
    }

    function _countCover(uint256 before) private {
        uint256 arrived = dollar.balanceOf(address(credits)) - before;
        tokensIn += arrived;
        coverIn += arrived;
    }

    /// @dev An honest table pays every provider in full.
    function proveShortfall(uint256 about) external observed {
        _promote();
        if (_final.length == 0) return;
        ICreditTypes.Row[] memory rows = _final;
        uint256 i = about % PARTIES;
        uint256 before = dollar.balanceOf(address(credits));
        try court.proveShortfall(rows[i], Table.proof(rows, i)) {
            if (!dishonest) revert NotTrue("an honest table left a provider short");
            _countCover(before);
            _count("proveShortfall");
        } catch {}
    }
}
