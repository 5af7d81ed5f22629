"""Extensions, their handlers, the guest agent, images and key vaults."""

from vmss_tui.gateway.explanations.rule import Kind, Rule

_CSE = "Troubleshoot the Custom Script Extension"
_AGENT = "Troubleshoot the Azure VM agent and extensions"
_IMAGES = "Troubleshoot shared image galleries and images in scale sets"
_VAULT = "Virtual machine extensions: protectedSettingsFromKeyVault"

RULES = (
    Rule(
        (),
        Kind.EXTENSION,
        "a scale set can have only one extension of a handler, and it already has one",
        "use the name of the extension that the set already has, or remove that one first",
        "Custom Script Extension: one instance of an extension per VM",
        pattern=r"Multiple VMExtensions per handler not supported",
    ),
    Rule(
        (),
        Kind.EXTENSION,
        "the extension's name is already used by another publisher or type",
        "use another name, or remove the extension of that name first",
        _AGENT,
        pattern=r"(?:publisher|type)\b.*?(?:cannot|can not|can't) be changed|On an existing extension",
    ),
    Rule(
        ("ArtifactNotFound", "VMExtensionHandlerNotFound"),
        Kind.EXTENSION,
        "Azure does not offer this extension handler here",
        "check publisher, type and version of the handler, and that it is for this operating system"
        " (az vmss extension image list --location LOCATION)",
        _AGENT,
    ),
    Rule(
        ("ArtifactVersionNotFound", "VMExtensionHandlerVersionNotFound", "ArtifactVersionNotSupported"),
        Kind.EXTENSION,
        "Azure does not offer this version of the extension handler here",
        "use two numbers, such as 2.1 for Linux or 1.10 for Windows (az vmss extension image list-versions)",
        _AGENT,
    ),
    Rule(
        ("InvalidParameter",),
        Kind.EXTENSION,
        "the handler version is not valid",
        "use two numbers, such as 2.1 for Linux or 1.10 for Windows",
        _AGENT,
        pattern=r"typeHandlerVersion",
    ),
    Rule(
        ("CannotModifyExtensionsWhenVMNotRunning", "OperationNotAllowed"),
        Kind.EXTENSION,
        "extensions can be changed only while the VM runs",
        "start the instance, or exclude it from the rollout",
        _AGENT,
        pattern=r"(?:modify|update|change) extensions? in the VM when the VM is not running|VM is not running",
    ),
    Rule(
        ("OperationNotAllowed", "BadRequest", "ExtensionOperationsNotAllowed"),
        Kind.EXTENSION,
        "extensions are switched off for this VM or scale set",
        "set osProfile.allowExtensionOperations to true, which needs a new model and instances",
        "Virtual Machine Scale Sets - Create Or Update",
        pattern=r"allowExtensionOperations",
    ),
    Rule(
        (),
        Kind.SCRIPT,
        "the command or script is in both the public and the protected settings",
        "keep it in one of them: remove it from the settings, or write protected settings without it",
        "custom-script-extension-linux, handlersettings.go",
        pattern=r"specified both in public and protected settings",
    ),
    Rule(
        ("VMExtensionHandlerNonTransientError", "VMExtensionProvisioningError"),
        Kind.AGENT,
        "the instance could not download the extension's package",
        "give the instance access to Azure storage and name resolution, then update it again",
        _AGENT,
        pattern=r"ExtensionDownloadError|Failed to download artifacts"
        r"|download(?:ing)? (?:the )?(?:extension|plugin) package",
    ),
    Rule(
        ("VMExtensionProvisioningError", "VMExtensionHandlerNonTransientError"),
        Kind.SCRIPT,
        "the script's files could not be downloaded",
        "check that the instances can reach each file address, and that its signature has not expired",
        _CSE,
        pattern=r"processing file downloads failed|failed to download|Failed to download all specified files",
    ),
    Rule(
        ("VMExtensionProvisioningError",),
        Kind.SCRIPT,
        "the script failed on the instance",
        "read the script's output (l on the instance), correct the script, and roll out the corrected version",
        _CSE,
        pattern=r"exit status|exit code|command terminated|returned a non-zero",
    ),
    Rule(
        ("VMExtensionHandlerNonTransientError", "VMExtensionHandlerTransientError", "VMExtensionHandlerError"),
        Kind.AGENT,
        "the extension's handler failed before the script ran",
        "read the handler's log on the instance (Linux /var/log/azure, Windows C:\\WindowsAzure\\Logs\\Plugins);"
        " reimaging the instance often helps",
        _AGENT,
    ),
    Rule(
        ("VMExtensionProvisioningTimeout",),
        Kind.SCRIPT,
        "the extension did not finish in time",
        "check whether the script still runs or waits for input; raise extensionsTimeBudget only if it is just slow",
        _CSE,
    ),
    Rule(
        ("VMExtensionProvisioningError", "VMExtensionManagementInternalError"),
        Kind.EXTENSION,
        "an extension of an instance failed",
        "read that extension's status on the instance; if it is the script's, correct the script and roll out again",
        _AGENT,
    ),
    Rule(
        ("VMAgentStatusCommunicationError", "VMAgentNotReady", "GuestAgentStatusError"),
        Kind.AGENT,
        "the instance's guest agent does not report",
        "check that the instance has started and can reach 168.63.129.16 and Azure storage; restart or reimage it",
        _AGENT,
    ),
    Rule(
        ("OSProvisioningTimedOut", "OSProvisioningClientError", "OSProvisioningInternalError", "VMStartTimedOut"),
        Kind.AGENT,
        "the instance's operating system did not start in time",
        "see its boot diagnostics; reimage the instance, or correct the image",
        "Troubleshoot provisioning errors of Azure VMs",
    ),
    Rule(
        (
            "ImageNotFound",
            "PlatformImageNotFound",
            "GalleryImageNotFound",
            "ImageVersionNotFound",
            "VMImageNotFound",
            "GalleryImageVersionNotFound",
        ),
        Kind.IMAGE,
        "the scale set's image does not exist, or is not replicated to this region",
        "check publisher, offer, SKU and version, or the gallery version's target regions",
        _IMAGES,
    ),
    Rule(
        ("InaccessibleImage", "ImageAccessDenied"),
        Kind.IMAGE,
        "the scale set's image is not accessible to this subscription or sign-in",
        "ask for read access to the image or its gallery, or publish it to this region",
        _IMAGES,
    ),
    Rule(
        ("ImageVersionDeprecated", "ImageDeprecated", "VersionDeprecated"),
        Kind.IMAGE,
        "the scale set's image has been withdrawn",
        "choose a newer image for the scale set",
        "Deprecated Azure Marketplace images",
    ),
    Rule(
        (
            "ResourcePurchaseValidationFailed",
            "MarketplacePurchaseEligibilityFailed",
            "VMMarketplaceInvalidInput",
            "ResourcePurchaseCanceled",
        ),
        Kind.IMAGE,
        "the image's purchase plan is not accepted or not allowed in this subscription",
        "accept its terms (az vm image terms accept --urn PUBLISHER:OFFER:SKU:VERSION), or have the billing owner"
        " allow it",
        "Use Azure Marketplace images: accept the terms",
    ),
    Rule(
        (
            "KeyVaultAccessForbidden",
            "AccessDenied",
            "ForbiddenByRbac",
            "ForbiddenByPolicy",
            "Forbidden",
            "VaultAccessDenied",
        ),
        Kind.KEY_VAULT,
        "Azure may not read the secret in the key vault",
        "enable the vault for deployment (az keyvault update --enabled-for-deployment true) and allow your identity"
        " Microsoft.KeyVault/vaults/deploy/action on it",
        _VAULT,
        pattern=r"key\s?vault|\bvault\b",
    ),
    Rule(
        ("ForbiddenByFirewall", "ForbiddenByConnection"),
        Kind.KEY_VAULT,
        "the key vault's firewall refuses the access",
        "allow trusted Microsoft services on the vault's network settings",
        _VAULT,
    ),
    Rule(
        ("KeyVaultAndVMInDifferentRegions", "InvalidParameter", "BadRequest"),
        Kind.KEY_VAULT,
        "the key vault is in another region or subscription than the scale set",
        "use a key vault of the scale set's own region and subscription",
        _VAULT,
        pattern=r"key\s?vault.*?(?:same|different) (?:region|location|subscription)",
    ),
    Rule(
        (),
        Kind.KEY_VAULT,
        "the secret is not in the key vault, or is disabled or expired",
        "check vault_id and secret_url of the profile; the address names a version of an enabled secret",
        _VAULT,
        pattern=r"(?:secret\b.*?(?:not found|does not exist|is not (?:valid|enabled)|disabled|expired).*?vault"
        r"|vault\b.*?secret\b.*?(?:not found|does not exist|disabled|expired|could not be found))",
    ),
    Rule(
        (
            "KeyVaultAccessForbidden",
            "KeyVaultAndVMInDifferentRegions",
            "SecretNotFound",
            "SecretDisabled",
            "KeyVaultSecretDoesNotExist",
            "KeyVaultParameterReferenceNotFound",
            "KeyVaultNotFound",
        ),
        Kind.KEY_VAULT,
        "the protected settings cannot be read from the key vault",
        "check vault_id and secret_url of the profile, and that the vault is enabled for deployment",
        _VAULT,
    ),
)
