// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title A dollar that costs the gas of USDC: pausable, with a blacklist, behind a proxy
/// @dev Replaces Circle's FiatTokenV2_2 when gas is measured: it reads and writes the same storage
///      in the same order. So a transfer from an allowance always writes the allowance, also an
///      unlimited one. The blacklist flag is the highest bit of the balance's word. Signatures are
///      checked in a contract of their own, as Circle's are in a library. Decision 0118 compares
///      the two tokens, operation by operation.
contract ProxiedDollar {
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant BLACKLISTED = 1 << 255;

    DollarSignatures private immutable SIGNATURES = new DollarSignatures();

    /// @dev The pause flag has a slot of its own.
    bool public paused;
    uint256 private _gap;
    mapping(address account => uint256 word) private _balances;
    mapping(address owner => mapping(address spender => uint256 value)) public allowance;
    mapping(address owner => uint256 nonce) public nonces;
    mapping(address owner => mapping(bytes32 nonce => bool used)) public authorizationState;
    /// @dev The name in storage, because Circle's token reads it for each signature.
    string private _name;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    error TransfersPaused();
    error Blacklisted(address account);
    error AllowanceTooLow(uint256 allowed, uint256 value);
    error BalanceTooLow(uint256 balance, uint256 value);
    error InvalidSignature();
    error NotInForce();
    error AlreadyUsed();
    error NotThePayee();

    modifier whenNotPaused() {
        require(!paused, TransfersPaused());
        _;
    }

    modifier notBlacklisted(address account) {
        _requireNotBlacklisted(account);
        _;
    }

    /// @notice Sets the name. The proxy calls it once.
    function initialize() external {
        _name = "Test Dollar";
    }

    function mint(address account, uint256 value) external {
        _setBalance(account, _balanceOf(account) + value);
        emit Transfer(address(0), account, value);
    }

    function approve(address spender, uint256 value) external whenNotPaused returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function transfer(
        address to,
        uint256 value
    ) external whenNotPaused notBlacklisted(msg.sender) notBlacklisted(to) returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(
        address from,
        address to,
        uint256 value
    )
        external
        whenNotPaused
        notBlacklisted(msg.sender)
        notBlacklisted(from)
        notBlacklisted(to)
        returns (bool)
    {
        uint256 allowed = allowance[from][msg.sender];
        require(value <= allowed, AllowanceTooLow(allowed, value));
        _transfer(from, to, value);
        allowance[from][msg.sender] -= value;
        return true;
    }

    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external whenNotPaused {
        require(deadline >= block.timestamp, NotInForce());
        uint256 nonce = nonces[owner]++;
        bytes32 hash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonce, deadline)
        );
        _requireSigned(owner, hash, abi.encodePacked(r, s, v));
        _approve(owner, spender, value);
    }

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external whenNotPaused notBlacklisted(from) notBlacklisted(to) {
        bytes32 hash = keccak256(
            abi.encode(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        _useAuthorization(from, hash, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
        _transfer(from, to, value);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external whenNotPaused notBlacklisted(from) notBlacklisted(to) {
        require(to == msg.sender, NotThePayee());
        bytes32 hash = keccak256(
            abi.encode(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        _useAuthorization(from, hash, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
        _transfer(from, to, value);
    }

    function balanceOf(address account) external view returns (uint256) {
        return _balanceOf(account);
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function _approve(address owner, address spender, uint256 value) private {
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _transfer(address from, address to, uint256 value) private {
        uint256 balance = _balanceOf(from);
        require(value <= balance, BalanceTooLow(balance, value));
        _setBalance(from, balance - value);
        _setBalance(to, _balanceOf(to) + value);
        emit Transfer(from, to, value);
    }

    function _setBalance(address account, uint256 balance) private {
        _requireNotBlacklisted(account);
        _balances[account] = balance;
    }

    function _useAuthorization(
        address from,
        bytes32 hash,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) private {
        require(block.timestamp > validAfter && block.timestamp < validBefore, NotInForce());
        require(!authorizationState[from][nonce], AlreadyUsed());
        _requireSigned(from, hash, signature);
        authorizationState[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
    }

    function _requireSigned(address signer, bytes32 hash, bytes memory signature) private view {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256(bytes(_name)),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, hash);
        require(SIGNATURES.isValid(signer, digest, signature), InvalidSignature());
    }

    function _balanceOf(address account) private view returns (uint256) {
        return _balances[account] & ~BLACKLISTED;
    }

    function _requireNotBlacklisted(address account) private view {
        require(_balances[account] < BLACKLISTED, Blacklisted(account));
    }
}

/// @title The check of signatures, in a contract of its own as Circle's is in a library
contract DollarSignatures {
    function isValid(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bool) {
        return SignatureChecker.isValidSignatureNow(signer, digest, signature);
    }
}

/// @title A proxy that checks on every call that its admin does not call, as Circle's proxy does
contract DollarProxy is ERC1967Proxy {
    error AdminCannotFallback();

    constructor(
        address implementation
    ) ERC1967Proxy(implementation, abi.encodeCall(ProxiedDollar.initialize, ())) {
        ERC1967Utils.changeAdmin(msg.sender);
    }

    function _fallback() internal override {
        require(msg.sender != ERC1967Utils.getAdmin(), AdminCannotFallback());
        super._fallback();
    }
}
