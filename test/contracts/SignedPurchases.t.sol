// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {IPaymentToken} from "../../contracts/interfaces/IPaymentToken.sol";
import {IPurchases} from "../../contracts/interfaces/IPurchases.sol";
import {ITerms} from "../../contracts/interfaces/ITerms.sol";
import {ITopUps} from "../../contracts/interfaces/ITopUps.sol";
import {TestWallet} from "../../contracts/mocks/TestWallet.sol";
import {Fixture} from "./support/Fixture.sol";

abstract contract SigningFixture is Fixture {
    address internal buyer = vm.addr(0xB1);
    TestWallet internal wallet;

    function setUp() public virtual override {
        super.setUp();
        dollar.mint(buyer, 1_000e6);
        wallet = TestWallet(payable(create("TestWallet.sol:TestWallet", abi.encode(buyer))));
        dollar.mint(address(wallet), 1_000e6);
    }

    function dollarDigest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", dollar.DOMAIN_SEPARATOR(), structHash));
    }
}

contract BuyWithPermitTest is SigningFixture {
    function permitted(uint256 value) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,"
                    "uint256 deadline)"
                ),
                buyer,
                address(credits),
                value,
                dollar.nonces(buyer),
                block.timestamp
            )
        );
        return sign(0xB1, dollarDigest(structHash));
    }

    function test_withAPermit_needsNoApproval() external {
        bytes memory signature = permitted(1e6);
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(buyer, buyer, 100 * CREDIT, 1e6);
        vm.prank(buyer);
        same(credits.buyWithPermit(buyer, 100 * CREDIT, block.timestamp, signature), 1e6, "price");
        sameParty(buyer, 100 * CREDIT, 0, 0, 0);
    }

    function test_afterAStrangerUsedThePermit_stillBuys() external {
        bytes memory signature = permitted(1e6);
        (bytes32 r, bytes32 s) = (part(signature, 32), part(signature, 64));
        vm.prank(stranger);
        dollar.permit(buyer, address(credits), 1e6, block.timestamp, uint8(signature[64]), r, s);
        vm.prank(buyer);
        credits.buyWithPermit(buyer, 100 * CREDIT, block.timestamp, signature);
        sameParty(buyer, 100 * CREDIT, 0, 0, 0);
    }

    function test_withAPermitOfAnotherValue_reverts() external {
        bytes memory signature = permitted(2e6);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector,
                address(credits),
                0,
                1e6
            )
        );
        vm.prank(buyer);
        credits.buyWithPermit(buyer, 100 * CREDIT, block.timestamp, signature);
    }

    function test_ofAContractWallet_usesItsApproval() external {
        wallet.run(address(dollar), 0, abi.encodeCall(dollar.approve, (address(credits), 1e6)));
        bytes memory anySignature = new bytes(66);
        vm.expectCall(address(dollar), abi.encodePacked(IPaymentToken.permit.selector));
        wallet.run(
            address(credits),
            0,
            abi.encodeCall(
                credits.buyWithPermit,
                (buyer, 100 * CREDIT, block.timestamp, anySignature)
            )
        );
        sameParty(buyer, 100 * CREDIT, 0, 0, 0);
    }

    function part(bytes memory signature, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(signature, offset))
        }
    }
}

abstract contract AuthorizationFixture is SigningFixture {
    bytes32 internal constant SALT = keccak256("salt");

    function authorized(
        address from,
        uint256 value,
        bytes32 nonce
    ) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "ReceiveWithAuthorization(address from,address to,uint256 value,"
                    "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                from,
                address(credits),
                value,
                0,
                block.timestamp + 1,
                nonce
            )
        );
        return sign(0xB1, dollarDigest(structHash));
    }

    function submitted(
        address account,
        uint64 creditMicros,
        address from,
        bytes memory signature
    ) internal {
        vm.prank(stranger);
        credits.buyWithAuthorization(
            account,
            creditMicros,
            from,
            0,
            block.timestamp + 1,
            SALT,
            signature
        );
    }
}

contract BuyWithAuthorizationTest is AuthorizationFixture {
    /// @dev Most tokens have only the form with `v, r, s`. Contract wallets need the one with
    ///      `bytes`.
    function test_anyLength_isPassedToTheTokenInItsForm() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        vm.expectCall(
            address(dollar),
            abi.encodePacked(IERC3009.receiveWithAuthorization.selector)
        );
        submitted(buyer, 100 * CREDIT, buyer, authorized(buyer, 1e6, nonce));
        bytes memory longer = bytes.concat(authorized(address(wallet), 2e6, nonce2()), hex"01");
        vm.expectCall(
            address(dollar),
            abi.encodePacked(IPaymentToken.receiveWithAuthorization.selector)
        );
        submitted(buyer, 200 * CREDIT, address(wallet), longer);
    }

    function nonce2() private view returns (bytes32) {
        return credits.authorizationNonce(buyer, 200 * CREDIT, SALT);
    }

    function test_submittedByAStranger_buysForTheSigner() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = authorized(buyer, 1e6, nonce);
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(buyer, buyer, 100 * CREDIT, 1e6);
        submitted(buyer, 100 * CREDIT, buyer, signature);
        same(dollar.balanceOf(buyer), 999e6, "paid once");
    }

    function test_ofAContractWallet_buys() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = bytes.concat(authorized(address(wallet), 1e6, nonce), hex"01");
        submitted(buyer, 100 * CREDIT, address(wallet), signature);
        same(dollar.balanceOf(address(wallet)), 999e6, "the wallet has paid");
        sameParty(buyer, 100 * CREDIT, 0, 0, 0);
    }

    function test_forAnotherAccount_reverts() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = authorized(buyer, 1e6, nonce);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        submitted(stranger, 100 * CREDIT, buyer, signature);
    }

    function test_forAnotherAmount_reverts() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = authorized(buyer, 1e6, nonce);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        submitted(buyer, 99 * CREDIT, buyer, signature);
    }

    /// @dev One base unit below the price buys nothing, and the nonce stays unused.
    function test_belowThePrice_reverts_andKeepsTheNonce() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory tooLittle = authorized(buyer, 1e6 - 1, nonce);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        submitted(buyer, 100 * CREDIT, buyer, tooLittle);
        yes(!dollar.authorizationState(buyer, nonce), "the nonce is unused");
        submitted(buyer, 100 * CREDIT, buyer, authorized(buyer, 1e6, nonce));
    }

    function test_twice_reverts() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = authorized(buyer, 1e6, nonce);
        submitted(buyer, 100 * CREDIT, buyer, signature);
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, buyer, nonce)
        );
        submitted(buyer, 100 * CREDIT, buyer, signature);
    }
}

contract BuyWithAuthorizationOfAFeeTokenTest is AuthorizationFixture {
    function dollarArtifact() internal pure override returns (string memory) {
        return "TestDollar.sol:FeeDollar";
    }

    function test_ofATokenThatKeepsAPart_reverts() external {
        bytes32 nonce = credits.authorizationNonce(buyer, 100 * CREDIT, SALT);
        bytes memory signature = authorized(buyer, 1e6, nonce);
        vm.expectRevert(abi.encodeWithSelector(ITerms.TokenAmountMismatch.selector, 990_000, 1e6));
        submitted(buyer, 100 * CREDIT, buyer, signature);
    }
}

contract TopUpTest is SigningFixture {
    address internal keeper = address(0x4EE9);
    ITopUps.TopUpPolicy internal policy;

    function setUp() public override {
        super.setUp();
        vm.prank(buyer);
        dollar.approve(address(credits), type(uint256).max);
        wallet.run(
            address(dollar),
            0,
            abi.encodeCall(dollar.approve, (address(credits), type(uint256).max))
        );
        policy = ITopUps.TopUpPolicy({
            account: payer,
            payer: buyer,
            keeper: keeper,
            creditMicrosPerTopUp: 10 * CREDIT,
            maxCreditMicrosPerPeriod: 25 * CREDIT,
            periodSeconds: 1 days,
            startsAt: uint64(block.timestamp),
            expiresAt: uint64(block.timestamp + 3 days),
            salt: 7
        });
    }

    function signedPolicy() internal view returns (bytes memory) {
        return sign(0xB1, credits.hashTopUpPolicy(policy));
    }

    function topUp() internal {
        bytes memory signature = signedPolicy();
        vm.prank(keeper);
        credits.topUp(policy, signature);
    }

    function reverts(bytes memory reason) internal {
        bytes memory signature = signedPolicy();
        vm.expectRevert(reason);
        vm.prank(keeper);
        credits.topUp(policy, signature);
    }

    function test_byTheKeeper_buysForTheAccountWithThePayersTokens() external {
        bytes memory signature = signedPolicy();
        vm.expectEmit(address(credits));
        emit ITopUps.ToppedUp(credits.hashTopUpPolicy(policy), 0, 10 * CREDIT);
        vm.expectEmit(address(credits));
        emit IPurchases.CreditsPurchased(payer, buyer, 10 * CREDIT, 100_000);
        vm.prank(keeper);
        same(credits.topUp(policy, signature), 100_000, "price");
        sameParty(payer, 10 * CREDIT, 0, 0, 0);
    }

    function test_aboveThePeriodsLimit_reverts_untilTheNextPeriod() external {
        topUp();
        topUp();
        reverts(
            abi.encodeWithSelector(ITopUps.TopUpLimitReached.selector, 30 * CREDIT, 25 * CREDIT)
        );
        skip(1 days - 1);
        reverts(
            abi.encodeWithSelector(ITopUps.TopUpLimitReached.selector, 30 * CREDIT, 25 * CREDIT)
        );
        skip(1);
        topUp();
        (uint64 period, uint64 bought, bool revoked) = credits.topUpState(
            credits.hashTopUpPolicy(policy)
        );
        same(period, 1, "period");
        same(bought, 10 * CREDIT, "bought");
        yes(!revoked, "in force");
    }

    function test_upToThePeriodsLimit_buys() external {
        policy.maxCreditMicrosPerPeriod = 20 * CREDIT;
        topUp();
        topUp();
        sameParty(payer, 20 * CREDIT, 0, 0, 0);
        reverts(
            abi.encodeWithSelector(ITopUps.TopUpLimitReached.selector, 30 * CREDIT, 20 * CREDIT)
        );
    }

    function test_withoutPeriods_hasOneLimitForItsLife() external {
        policy.periodSeconds = 0;
        topUp();
        topUp();
        skip(2 days);
        reverts(
            abi.encodeWithSelector(ITopUps.TopUpLimitReached.selector, 30 * CREDIT, 25 * CREDIT)
        );
    }

    function test_beforeItsStartAndAfterItsExpiry_reverts() external {
        uint64 start = policy.startsAt;
        vm.warp(start - 1);
        reverts(
            abi.encodeWithSelector(
                ITopUps.TopUpNotInForce.selector,
                start - 1,
                policy.startsAt,
                policy.expiresAt
            )
        );
        vm.warp(policy.expiresAt - 1);
        topUp();
        vm.warp(policy.expiresAt);
        reverts(
            abi.encodeWithSelector(
                ITopUps.TopUpNotInForce.selector,
                policy.expiresAt,
                policy.startsAt,
                policy.expiresAt
            )
        );
    }

    function test_byAStranger_reverts() external {
        bytes memory signature = signedPolicy();
        vm.expectRevert(abi.encodeWithSelector(ITopUps.NotKeeper.selector, stranger, keeper));
        vm.prank(stranger);
        credits.topUp(policy, signature);
    }

    function test_afterItsPayerRevokedIt_reverts() external {
        bytes32 policyHash = credits.hashTopUpPolicy(policy);
        vm.expectEmit(address(credits));
        emit ITopUps.TopUpRevoked(policyHash, buyer);
        vm.prank(buyer);
        credits.revokeTopUp(policy);
        reverts(abi.encodeWithSelector(ITopUps.TopUpPolicyRevoked.selector, policyHash));
    }

    function test_revocationByTheKeeper_reverts() external {
        vm.expectRevert(abi.encodeWithSelector(ITopUps.NotPayer.selector, keeper, buyer));
        vm.prank(keeper);
        credits.revokeTopUp(policy);
    }

    function test_withAForgedPolicy_reverts() external {
        bytes memory signature = signedPolicy();
        policy.creditMicrosPerTopUp = 25 * CREDIT;
        vm.expectRevert(abi.encodeWithSelector(ITopUps.InvalidPolicySignature.selector, buyer));
        vm.prank(keeper);
        credits.topUp(policy, signature);
    }

    function test_ofAContractWallet_buys_untilItDisowns() external {
        policy.payer = address(wallet);
        topUp();
        same(dollar.balanceOf(address(wallet)), 1_000e6 - 100_000, "the wallet has paid");
        wallet.setMood(TestWallet.Mood.Disowning);
        reverts(abi.encodeWithSelector(ITopUps.InvalidPolicySignature.selector, address(wallet)));
    }
}
