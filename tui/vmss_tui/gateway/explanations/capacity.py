"""Quotas, capacity, sizes and request limits."""

from vmss_tui.gateway.explanations.rule import Kind, Rule

_QUOTA = "Resolve errors for resource quotas"
_ALLOCATION = "Troubleshoot allocation failures in Azure"
_SPOT = "Azure Spot Virtual Machines for scale sets"
_THROTTLING = "Understand how Azure Resource Manager throttles requests"

RULES = (
    Rule(
        ("SubnetIsFull",),
        Kind.CAPACITY,
        "the subnet has no free addresses for more instances",
        "free addresses or enlarge the subnet; a rollout without surge needs no new instances",
        "Azure Virtual Network frequently asked questions",
    ),
    Rule(
        (
            "TooManyRequests",
            "SubscriptionRequestsThrottled",
            "TenantRequestsThrottled",
            "ResourceRequestsThrottled",
            "RequestThrottled",
            "RequestsThrottled",
            "ResourceCollectionRequestsThrottled",
        ),
        Kind.THROTTLED,
        "the request quota is used up",
        "wait a few minutes; other tools and people share this quota",
        _THROTTLING,
        waiting_helps=True,
    ),
    Rule(
        ("ResourceReadFailed",),
        Kind.THROTTLED,
        "the request quota is used up: Azure Policy could not read the resource",
        "wait a few minutes; other tools and people share this quota",
        _THROTTLING,
        pattern=r"failed with status '(?:429|TooManyRequests)'",
        waiting_helps=True,
    ),
    Rule(
        (),
        Kind.QUOTA,
        "the {family} quota of the subscription in this region is too small",
        "request a quota increase to at least {needed}, or free cores: surge and more instances need more",
        _QUOTA,
        pattern=r"exceeding approved (?P<family>.+?) quota.*?New Limit Required: (?P<needed>\d+)",
    ),
    Rule(
        (),
        Kind.QUOTA,
        "a quota of the subscription in this region is too small",
        "request a quota increase, or free what the quota counts: surge, more instances and larger sizes need more",
        _QUOTA,
        pattern=r"exceed\w* (?:the )?(?:approved|maximum|quota|current)\b.*?(?:quota|limit)|quota (?:limit )?"
        r"(?:has been )?exceeded|max(?:imum)? number of \w+",
    ),
    Rule(
        (
            "QuotaExceeded",
            "ResourceQuotaExceeded",
            "PublicIPCountLimitReached",
            "SubscriptionQuotaExceeded",
            "CoreQuotaExceeded",
            "MaxStorageAccountsCountPerSubscriptionExceeded",
            "DeploymentQuotaExceeded",
            "VMScaleSetVMCountExceeded",
        ),
        Kind.QUOTA,
        "a quota of the subscription is used up",
        "request a quota increase, or free what the quota counts",
        _QUOTA,
    ),
    Rule(
        ("AllocationFailed", "ZonalAllocationFailed", "AllocationTimeout"),
        Kind.CAPACITY,
        "Azure has no capacity for this size here now",
        "try again later, or choose another size or zone; a rollout without surge needs no new capacity",
        _ALLOCATION,
        waiting_helps=True,
    ),
    Rule(
        ("OverconstrainedAllocationRequest", "OverconstrainedZonalAllocationRequest"),
        Kind.CAPACITY,
        "Azure cannot meet all constraints of size, zone, disks and network together",
        "remove one of the constraints that Azure lists, or try again later; a rollout without surge needs no new"
        " capacity",
        _ALLOCATION,
        waiting_helps=True,
    ),
    Rule(
        ("SkuNotAvailable", "NotAvailableForSubscription", "SkuNotAvailableForSubscription", "InvalidSku"),
        Kind.CAPACITY,
        "the size is not available to this subscription here",
        "choose another size, zone or region (az vm list-skus --location LOCATION --size SIZE shows restrictions)",
        "Resolve errors for SKU not available",
    ),
    Rule(
        (),
        Kind.REQUEST,
        "the maximum price of spot instances can be changed only while they are deallocated",
        "give billingProfile.maxPrice of the model the value that the instances have, or deallocate them first",
        _SPOT,
        pattern=r"max(?:imum)? price change is not allowed",
    ),
    Rule(
        ("OperationNotAllowed", "SpotEvicted", "EvictionOccurred"),
        Kind.CAPACITY,
        "spot capacity is not available now",
        "try again later, raise the maximum price, or use regular instances",
        _SPOT,
        pattern=r"\bspot\b.*(?:evict|price|capacity)|max(?:imum)? price",
        waiting_helps=True,
    ),
)
