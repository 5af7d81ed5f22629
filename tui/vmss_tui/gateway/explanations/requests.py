"""What is wrong with a request: names, providers, api-versions, bodies, preconditions."""

from vmss_tui.gateway.explanations.rule import Kind, Rule

_COMMON = "Resolve common Azure deployment errors"
_REGISTER = "Resolve errors for resource provider registration"

RULES = (
    Rule(
        (
            "MissingSubscriptionRegistration",
            "SubscriptionNotRegistered",
            "MissingRegistrationForLocation",
            "MissingSubscriptionRegistrationForLocation",
        ),
        Kind.PROVIDER,
        "the subscription is not registered for {namespace}",
        "register it: az provider register --namespace {namespace} --wait",
        _REGISTER,
        pattern=r"namespace '(?P<namespace>[^']+)'",
    ),
    Rule(
        ("MissingSubscriptionRegistration", "SubscriptionNotRegistered", "MissingRegistrationForLocation"),
        Kind.PROVIDER,
        "the subscription is not registered for the resource provider",
        "register it: az provider register --namespace NAMESPACE --wait",
        _REGISTER,
    ),
    Rule(
        (),
        Kind.PROVIDER,
        "the subscription is not registered for the feature {feature}",
        "register {feature} (az feature register), then register the provider again (az provider register)",
        "Set up preview features in Azure subscription",
        pattern=r"(?:not registered|not enabled|must be registered) for (?:the )?(?:feature|preview)\S*\s*'?"
        r"(?P<feature>[\w./-]+)"
        r"|feature '(?P<feature2>[\w./-]+)' is not (?:enabled|registered)",
    ),
    Rule(
        ("SubscriptionNotRegisteredForFeature", "FeatureNotRegistered", "FeatureNotEnabled"),
        Kind.PROVIDER,
        "the subscription is not registered for a preview feature",
        "register the feature that Azure names: az feature register",
        "Set up preview features in Azure subscription",
    ),
    Rule(
        (
            "NoRegisteredProviderFound",
            "InvalidApiVersionParameter",
            "UnsupportedApiVersion",
            "InvalidResourceType",
            "ApiVersionNotSupported",
        ),
        Kind.API_VERSION,
        "this cloud does not support the requested api-version",
        "check that --cloud names the right cloud; a cloud that is older than public Azure needs an api-version that it"
        " lists: {versions}",
        _REGISTER,
        pattern=r"supported (?:api-)?versions are '(?P<versions>[^']+)'",
    ),
    Rule(
        (
            "NoRegisteredProviderFound",
            "InvalidApiVersionParameter",
            "UnsupportedApiVersion",
            "InvalidResourceType",
            "MissingApiVersionParameter",
            "ApiVersionNotSupported",
        ),
        Kind.API_VERSION,
        "this cloud does not support the requested api-version or resource type",
        "check that --cloud names the right cloud and that the region has the service",
        _REGISTER,
    ),
    Rule(
        ("InvalidResourceNamespace",),
        Kind.PROVIDER,
        "this cloud does not have the resource provider",
        "check that --cloud names the right cloud",
        _REGISTER,
    ),
    Rule(
        ("ResourceGroupNotFound",),
        Kind.NOT_FOUND,
        "the resource group does not exist, or this sign-in cannot see it",
        "check the name of the resource group and the subscription; `vmss-tui list` shows what you can see",
        _COMMON,
    ),
    Rule(
        ("ParentResourceNotFound",),
        Kind.NOT_FOUND,
        "the resource that it belongs to does not exist",
        "check the name of the scale set; it may have been deleted in between",
        _COMMON,
    ),
    Rule(
        ("ResourceNotFound", "NotFound", "ResourceGone"),
        Kind.NOT_FOUND,
        "it does not exist, or this sign-in cannot see it",
        "it may have been deleted; check the name, and `vmss-tui list` shows what you can see",
        _COMMON,
    ),
    Rule(
        ("ResourceGroupBeingDeleted", "ResourceGroupDeletionBlocked"),
        Kind.BUSY,
        "the resource group is being deleted",
        "nothing can be changed in it any more; check that this is the right group",
        _COMMON,
    ),
    Rule(
        ("PreconditionFailed", "ConditionNotMet", "EtagMismatch"),
        Kind.CHANGED,
        "it was changed outside this rollout",
        "read it again, review the difference, and plan again",
        "Optimistic concurrency, Virtual Machine Scale Sets - Update",
    ),
    Rule(
        ("PropertyChangeNotAllowed", "PropertyUpdateNotAllowed", "ChangingPropertyNotAllowed"),
        Kind.REQUEST,
        "a property cannot be changed after creation",
        "leave the property that Azure names as it is; changing it needs a new scale set",
        "Virtual Machine Scale Sets - Create Or Update",
    ),
    Rule(
        ("InvalidRequestContent", "InvalidRequestFormat", "InvalidJson", "MissingRequestContent"),
        Kind.REQUEST,
        "Azure could not read the request body",
        "check the settings of the profile against what Azure names; a member may be unknown to this api-version",
        _COMMON,
    ),
    Rule(
        ("LinkedInvalidPropertyId", "InvalidResourceReference", "InvalidReference", "LinkedResourceNotFound"),
        Kind.REQUEST,
        "the scale set refers to a resource that does not exist",
        "check the id that Azure names (a subnet, a probe, an identity, a vault)",
        _COMMON,
    ),
    Rule(
        ("InvalidParameter", "InvalidParameterValue", "BadRequest", "InvalidPropertyValue"),
        Kind.REQUEST,
        "the value of {parameter} is not valid",
        "correct {parameter} in the profile or the scale set",
        _COMMON,
        pattern=r"[Tt]he value (?:'[^']*' )?of parameter '?(?P<parameter>[\w.$-]+)'? is (?:invalid|not valid)",
    ),
    Rule(
        (
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidPropertyValue",
            "InvalidResourceLocation",
            "InvalidResourceName",
            "LocationNotAvailableForResourceType",
        ),
        Kind.REQUEST,
        "a value in the request is not valid",
        "correct the value that Azure names, in the profile or the scale set",
        _COMMON,
    ),
    Rule(
        ("RequestEntityTooLarge", "RequestContentTooLarge"),
        Kind.REQUEST,
        "the request is too large",
        "make the script smaller, or download it as a file instead of inline",
        "Azure subscription and service limits",
    ),
)
