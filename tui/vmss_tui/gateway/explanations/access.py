"""Rights, locks, policies and deny assignments."""

from vmss_tui.gateway.explanations.rule import Kind, Rule

_RBAC = "Troubleshoot Azure RBAC"
_POLICY = "Resolve errors for request disallowed by policy"
_MFA = "Planning for mandatory multifactor authentication for Azure"

RULES = (
    Rule(
        ("RequestDisallowedByPolicy", "RequestDisallowedByAzure", "Forbidden", "AuthorizationFailed"),
        Kind.SIGN_IN,
        "Azure requires multifactor authentication for changes",
        "sign in again with a second factor: az logout, then az login --tenant {tenant}",
        _MFA,
        pattern=r"\bMFA\b|multi-?factor",
    ),
    Rule(
        ("RequestDisallowedByPolicy", "PolicyViolation"),
        Kind.POLICY,
        "an Azure Policy assignment denies it",
        "make the request comply with the policy that Azure names, or ask its owner for an exemption",
        _POLICY,
    ),
    Rule(
        ("ResourceReadFailed",),
        Kind.POLICY,
        "Azure Policy could not read the resource, and so could not allow the change",
        "try again in a minute; if it persists, ask for a role that reads the resource that Azure names",
        _POLICY,
        waiting_helps=True,
    ),
    Rule(
        ("RequestDisallowedByAzure",),
        Kind.POLICY,
        "Azure itself does not allow it in this subscription",
        "read the reason that Azure gives; some regions and sizes need a request to Azure support",
        "Resolve common Azure deployment errors",
    ),
    Rule(
        ("DenyAssignmentAuthorizationFailed", "AuthorizationFailed", "Forbidden"),
        Kind.DENY_ASSIGNMENT,
        "a deny assignment forbids it, regardless of your roles",
        "the scale set belongs to another service or deployment stack: change it there, or ask the owner of the deny"
        " assignment {name} to except you",
        "Understand Azure deny assignments",
        pattern=r"deny assignment(?: with name)?\s*'?(?P<name>[^']*)'?",
    ),
    Rule(
        ("DenyAssignmentAuthorizationFailed",),
        Kind.DENY_ASSIGNMENT,
        "a deny assignment forbids it, regardless of your roles",
        "the scale set belongs to another service or deployment stack: change it there",
        "Understand Azure deny assignments",
    ),
    Rule(
        ("LinkedAuthorizationFailed",),
        Kind.TENANT,
        "a resource that the scale set uses is in another tenant, which this sign-in does not reach",
        "sign in with an account that both tenants know, or use a resource of the scale set's own tenant",
        _RBAC,
        pattern=r"tenant '?[^']*'? is not authorized to access linked subscription",
    ),
    Rule(
        ("LinkedAuthorizationFailed",),
        Kind.RIGHTS,
        "a right is missing on another resource that the scale set uses",
        "ask for a role with {action} on {scope}",
        _RBAC,
        pattern=r"however.*?perform action(?:\(s\))? '(?P<action>[^']+)'.*?linked scope(?:\(s\))?\s*'(?P<scope>[^']+)'",
    ),
    Rule(
        ("LinkedAuthorizationFailed",),
        Kind.RIGHTS,
        "a right is missing on another resource that the scale set uses",
        "ask for a role with the action that Azure names on the linked resource (an identity, a subnet, an image)",
        _RBAC,
    ),
    Rule(
        ("LinkedAccessCheckFailed",),
        Kind.RIGHTS,
        "a right is missing on another resource that the scale set uses",
        "ask for a role with {action} on the linked resource that Azure names",
        _RBAC,
        pattern=r"perform action(?:\(s\))? '(?P<action>[^']+)'",
    ),
    Rule(
        ("AuthorizationFailed", "Forbidden", "InvalidTemplateDeployment"),
        Kind.RIGHTS,
        "the signed-in identity lacks a right",
        "ask for a role with {action}, such as Reader; a new role takes a few minutes to work",
        _RBAC,
        pattern=r"perform action(?:\(s\))? '(?P<action>[^']+/read)'",
    ),
    Rule(
        ("AuthorizationFailed", "Forbidden", "InvalidTemplateDeployment"),
        Kind.RIGHTS,
        "the signed-in identity lacks a right",
        "ask for a role with {action}, such as Virtual Machine Contributor (`vmss-tui roles operator` prints the least"
        " that a rollout needs); a new role takes a few minutes to work",
        _RBAC,
        pattern=r"perform action(?:\(s\))? '(?P<action>[^']+)'",
    ),
    Rule(
        ("AuthorizationFailed", "AccessDenied"),
        Kind.RIGHTS,
        "the signed-in identity lacks a right",
        "ask for the role that allows it; `vmss-tui roles operator` prints the least that a rollout needs",
        _RBAC,
    ),
    Rule(
        ("ScopeLocked",),
        Kind.LOCK,
        "a management lock forbids it",
        "remove the lock on {scope}, or ask its owner; the list: az lock list --scope {scope}",
        "Lock your resources to protect your infrastructure",
        pattern=r"scope\(s\) are locked:\s*'(?P<scope>[^']+)'",
    ),
    Rule(
        ("ScopeLocked",),
        Kind.LOCK,
        "a management lock forbids it",
        "remove the lock that Azure names, or ask its owner",
        "Lock your resources to protect your infrastructure",
    ),
)
