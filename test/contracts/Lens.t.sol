// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditsLens} from "../../contracts/interfaces/ICreditsLens.sol";
import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {IDisputes} from "../../contracts/interfaces/IDisputes.sol";
import {IRefunds} from "../../contracts/interfaces/IRefunds.sol";
import {Fixture} from "./support/Fixture.sol";
import {Table} from "./support/Table.sol";

contract LensTest is Fixture {
    ICreditsLens internal lens;

    function setUp() public override {
        super.setUp();
        lens = ICreditsLens(create("CreditsLens.sol:CreditsLens", ""));
    }

    function test_accountOfAnUnknownAddress_isZeros() external view {
        ICreditsLens.AccountView memory shown = lens.accountOf(credits, stranger);
        same(shown.balance + shown.purchased + shown.owedTokens + shown.dueMicros, 0, "nothing");
        same(shown.recipient, stranger, "itself");
        same(shown.counterRaisedAt + shown.counterGraceEndsAt, 0, "no counter ended");
    }

    function test_accountWithARequestAndADebt_equalsTheSingleCalls() external {
        buy(payer, 1_000 * CREDIT);
        vm.prank(payer);
        credits.requestRefund(400 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 150 * CREDIT, 0),
            row(provider, 0, 0, 96 * CREDIT)
        );
        finalize(rows);
        dollar.setBlacklisted(payer, true);
        settle(rows, 0);

        ICreditsLens.AccountView memory shown = lens.accountOf(credits, payer);
        IRefunds.RefundRequest memory request = credits.refundRequestOf(payer);
        same(keccak256(abi.encode(shown.request)), keccak256(abi.encode(request)), "request");
        same(request.requestedMicros, 400 * CREDIT, "it is open");
        same(shown.dueMicros, 250 * CREDIT, "400 less 150");
        same(shown.balance, credits.balanceOf(payer), "balance");
        sameParty(payer, shown.purchased, shown.spent, shown.refunded, shown.earned);
        same(shown.owedTokens, credits.owedTo(payer), "owed");
        same(shown.owedTokens, 1_500_000, "150 credits");
        same(shown.recipient, credits.recipientOf(payer), "recipient");
        same(shown.counter, credits.counterOf(payer), "counter");
        same(shown.counterRaisedAt, credits.counterEndedAt(payer, 0), "raised");
        same(shown.counterGraceEndsAt, shown.counterRaisedAt + COUNTER_GRACE, "grace");
        same(shown.coveredSpentMicros, court.coveredSpentOf(payer), "covered");
        same(shown.frozenAt, 0, "not frozen");
        skip(REFUND + 1);
        credits.freeze(payer);
        same(lens.accountOf(credits, payer).frozenAt, block.timestamp, "frozen");
    }

    function test_vault_equalsTheSingleCalls() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 50 * CREDIT, 0),
            row(provider, 0, 0, 96 * CREDIT)
        );
        finalize(rows);
        settle(rows, 0);
        submit(rows);
        ICreditsLens.VaultView memory shown = lens.vaultOf(credits);
        same(shown.supply, credits.totalSupply(), "supply");
        same(shown.purchased, 1_000 * CREDIT, "purchased");
        (uint64 spent, uint64 refunded, uint64 earned, uint64 fees) = credits.settledTotals();
        same(shown.spent, spent, "spent");
        same(shown.refunded, refunded, "refunded");
        same(shown.earned, earned, "earned");
        same(shown.fees, fees, "fees");
        same(shown.unspentPoolMicros, credits.unspentPool(), "pool");
        same(shown.coveredMicros, credits.coveredMicros(), "cover");
        // With a limit that is used up, earnings come before fees.
        bool limited = unprovenLimit() != NO_LIMIT;
        same(shown.claimableFeesMicros, limited ? 0 : 4 * CREDIT, "fees to claim");
        same(shown.claimableFeesTokens, limited ? 0 : 40_000, "in tokens");
        same(
            keccak256(abi.encode(shown.finalCheckpoint)),
            keccak256(abi.encode(credits.finalCheckpoint())),
            "final"
        );
        same(
            keccak256(abi.encode(shown.pendingCheckpoint)),
            keccak256(abi.encode(credits.pendingCheckpoint())),
            "pending"
        );
        same(shown.pendingCheckpoint.epoch, 2, "one is pending");
        same(shown.bondTokens, court.bond(), "bond");
        same(shown.heldTokens, dollar.balanceOf(address(credits)), "held");
        same(shown.token, address(dollar), "token");
        same(shown.creditMicrosPerToken, PRICE, "price");
        same(shown.maxFeeBps, 500, "fee");
        same(shown.unprovenLimitMicros, unprovenLimit(), "limit");
        same(shown.windows.disputeWindowSeconds, DISPUTE, "dispute");
        same(shown.windows.answerWindowSeconds, ANSWER, "answer");
        same(shown.windows.refundWindowSeconds, REFUND, "refund");
        same(shown.windows.exitGraceSeconds, GRACE, "grace");
        same(shown.windows.counterGraceSeconds, COUNTER_GRACE, "counter grace");
        same(shown.windows.signerDelaySeconds, SIGNER_DELAY, "signer delay");
        yes(!shown.paused, "not paused");
    }

    /// @dev The payer's row is covered, a second row pays a part of its request, the fees are
    ///      taken, and a slashed bond covers exits. So no number of the account, the vault or its
    ///      pools is zero.
    function test_afterASlash_coverFeesBondAndFreeze_equalTheSingleCalls() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 50 * CREDIT, 0),
            row(provider, 0, 0, 96 * CREDIT)
        );
        finalize(rows);
        cover(rows, 100 * CREDIT);
        credits.claimFees();
        vm.startPrank(payer);
        credits.setRecipient(stranger);
        credits.requestRefund(400 * CREDIT);
        vm.stopPrank();
        rows[0].refunded = 70 * CREDIT;
        finalize(rows);
        settle(rows, 0);
        deposit(10e6);
        same(lens.vaultOf(credits).bondTokens, 10e6, "bond");
        equivocate(rows);

        ICreditsLens.AccountView memory account = lens.accountOf(credits, payer);
        same(account.dueMicros, 380 * CREDIT, "400 less the 20 that were paid since");
        same(account.recipient, stranger, "recipient");
        same(account.coveredSpentMicros, 100 * CREDIT, "covered");
        same(account.frozenAt, block.timestamp, "frozen");
        ICreditsLens.VaultView memory shown = lens.vaultOf(credits);
        same(shown.purchased, 1_000 * CREDIT, "purchased");
        same(shown.fees, 4 * CREDIT, "fees");
        same(shown.coveredMicros, 500 * CREDIT, "half of the bond");
        same(shown.bondTokens, 0, "slashed");
        same(shown.frozenAt, block.timestamp, "frozen since");
        yes(shown.paused, "paused");
    }

    /// @dev What was paid before is taken off, and its fraction of a base unit is carried over.
    function test_secondClaims_areWhatSettlingPays() external {
        buy(payer, 1_000 * CREDIT);
        ICreditTypes.Row[] memory rows = table(row(payer, 10_000, 155, 9_850));
        finalize(rows);
        cover(rows, 10_000);
        claimsFees();
        rows[0] = row(payer, 20_000, 310, 19_700);
        finalize(rows);
        claimsFees();
        settles(rows, 0);
    }

    /// @dev With a limit the pools also shrink by what exits take, and grow by the cover.
    function test_afterASlashAndAnExit_claims_areWhatSettlingPays() external {
        buy(payer, 100 * CREDIT);
        buy(otherPayer, 100 * CREDIT);
        ICreditTypes.Row[] memory rows = table(
            row(payer, 100 * CREDIT, 0, 0),
            row(provider, 0, 0, 96 * CREDIT)
        );
        finalize(rows);
        cover(rows, 100 * CREDIT);
        deposit(1e6);
        equivocate(rows);
        skip(GRACE);
        credits.exitWithoutProof(otherPayer);
        claimsFees();
        settles(rows, 1);
    }

    function cover(ICreditTypes.Row[] memory rows, uint64 cap) private {
        IDisputes.Allowance memory allowance;
        (allowance.account, allowance.accountCap) = (payer, cap);
        court.recordCap(allowance, sign(PAYER_KEY, court.hashAllowance(allowance)));
        court.coverSpending(rows[0], Table.proof(rows, 0), 0);
    }

    function deposit(uint256 tokenAmount) private {
        vm.startPrank(stranger);
        dollar.approve(address(court), tokenAmount);
        court.depositBond(tokenAmount);
        vm.stopPrank();
    }

    /// @dev The signers sign two next checkpoints over the same rows.
    function equivocate(ICreditTypes.Row[] memory rows) private {
        ICreditTypes.Checkpoint memory a = checkpointOf(rows);
        ICreditTypes.Checkpoint memory b = checkpointOf(rows);
        b.dataHash = bytes32(0);
        ICreditTypes.SignerSignature[] memory ofA = signed(credits.hashCheckpoint(a));
        ICreditTypes.SignerSignature[] memory ofB = signed(credits.hashCheckpoint(b));
        court.proveEquivocation(a, ofA, b, ofB);
    }

    /// @dev Rows that promise any numbers, and totals that may be lower or higher.
    function testFuzz_claimsAndFees_areWhatSettlingPays(
        uint64[6] calldata numbers,
        uint64[3] calldata totals
    ) external {
        uint64 most = 1_000 * CREDIT;
        buy(payer, most);
        ICreditTypes.Row[] memory rows = table(
            row(payer, numbers[0] % most, numbers[1] % most, numbers[2] % most),
            row(provider, numbers[3] % most, numbers[4] % most, numbers[5] % most)
        );
        ICreditTypes.Checkpoint memory checkpoint = checkpointOf(rows);
        checkpoint.spent = totals[0] % most;
        checkpoint.refunded = totals[1] % (most - checkpoint.spent);
        uint64 fee = uint64(between(totals[2], 0, (uint256(checkpoint.spent) * 500) / 10_000));
        checkpoint.earned = checkpoint.spent - fee;
        submit(checkpoint);
        skip(DISPUTE);

        for (uint256 i = 0; i < 2; ++i) {
            claimsFees();
            settles(rows, i);
        }
    }

    function claimsFees() private {
        (uint64 feeMicros, uint256 feeTokens) = lens.claimableFees(credits);
        (, , , uint64 before) = credits.settledTotals();
        same(credits.claimFees(), feeTokens, "fees");
        (, , , uint64 taken) = credits.settledTotals();
        same(taken - before, feeMicros, "fees in credits");
    }

    function settles(ICreditTypes.Row[] memory rows, uint256 i) private {
        ICreditsLens.ClaimView memory claim = lens.claimOf(credits, rows[i]);
        uint64[3] memory before = settledOf(rows[i].party);
        same(settle(rows, i), claim.payoutTokens, "payout");
        uint64[3] memory settled = settledOf(rows[i].party);
        same(settled[0] - before[0], claim.spentMicros, "spent");
        same(settled[1] - before[1], claim.refundedMicros, "refunded");
        same(settled[2] - before[2], claim.earnedMicros, "earned");
    }

    function settledOf(address party) private view returns (uint64[3] memory numbers) {
        (, numbers[0], numbers[1], numbers[2]) = credits.party(party);
    }

    function test_domain_isTheSameOfBothContracts() external view {
        (, string memory name, string memory version, uint256 chainId, address at, , ) = court
            .eip712Domain();
        same(keccak256(bytes(name)), keccak256("ComputeCredits"), "name");
        same(keccak256(bytes(version)), keccak256("1"), "version");
        same(chainId, block.chainid, "chain");
        same(at, address(credits), "the vault");
        (, , , , at, , ) = credits.eip712Domain();
        same(at, address(credits), "the vault's own");
    }
}

/// @dev In a vault with a limit, claims also depend on what is covered.
contract LimitedLensTest is LensTest {
    function unprovenLimit() internal pure override returns (uint64) {
        return 30 * CREDIT;
    }
}
